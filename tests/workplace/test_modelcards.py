"""The page of the model of who leaves: who reads it, what it says of model and effect, and its switch."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import expect

from tests.insight import test_uplift
from tests.insight.test_leaving import BOOK, months
from tests.workplace.test_axe import violations
from tests.workplace.test_browser import fits
from weihu.insight import files, leaving, uplift
from weihu.insight.kept import NAME, RULE_ALONE, UPLIFT, Model
from weihu.insight.measures import auc_interval
from weihu.rules.effect import Group
from weihu.rules.kinds.leaving import Why
from weihu.workplace.bank.models import Effect, Signal, Task
from weihu.workplace.base.models import Entry
from weihu.workplace.see.cockpit.reading import SignalEffect
from weihu.workplace.see.modelcards import switching
from weihu.workplace.see.modelcards.card import Card
from weihu.workplace.see.modelcards.models import Switch
from weihu.workplace.see.modelcards.pays import picture

PAGE = "models"


@pytest.fixture(scope="module")
def learned() -> Model:
    groups = {"sex": {f"C{at}": "FM"[at % 2] for at in range(240)}, "age": {}, "branch": {}}
    return leaving.train(months(), BOOK, groups=groups)


@pytest.fixture
def kept(learned, tmp_path, monkeypatch):
    """A home's model beside the published nights."""
    monkeypatch.setattr(settings.HOME, "insight", tmp_path)
    learned.save(tmp_path / NAME)
    return learned


def test_who_decides_reads_it_and_who_keeps_the_rules_switches(signed_in, run):
    for post, rule in run.rulebook.posts.items():
        client = signed_in(post)
        assert client.get(reverse(PAGE)).status_code == (200 if rule.decides else 404), post
        sent = client.post(reverse("model_switch"), {"act": "off", "reason": "x"})
        assert sent.status_code == (302 if rule.keeps_rules else 404), post


def test_a_model_that_is_switched_off_gives_way_to_the_rule_until_it_is_on_again(signed_in, run, kept):
    client, home = signed_in("branch_manager"), settings.HOME
    assert switching.scoring(home) == kept
    for act, expected in (("off", RULE_ALONE), ("on", kept)):
        client.post(reverse("model_switch"), {"act": act, "reason": "unfair to one branch"})
        assert switching.scoring(home) == expected
        page = client.get(reverse(PAGE)).content.decode()
        assert "unfair to one branch" in page
        entry = Entry.objects.filter(action=f"attrition.{act}").latest("pk")
        assert entry.detail == "unfair to one branch"
    assert Switch.objects.count() == 2


@pytest.mark.parametrize(
    "sent",
    [{"act": "off", "reason": " "}, {"act": "away", "reason": "x"}, {"act": "off", "reason": "x", "model": "y"}, {}],
)
def test_a_switch_needs_an_act_and_a_reason(signed_in, run, sent):
    assert signed_in("branch_manager").post(reverse("model_switch"), sent).status_code == 400
    assert not Switch.objects.exists()


def test_a_home_without_a_model_says_so(signed_in, run):
    answer = signed_in("personal_banking").get(reverse(PAGE))
    assert answer.context["card"] is None
    assert switching.scoring(settings.HOME) == RULE_ALONE


def test_the_card_shows_what_was_kept(signed_in, run, kept):
    answer = signed_in("personal_banking").get(reverse(PAGE), headers={"Accept-Language": "en"})
    page, card = answer.content.decode(), answer.context["card"]
    assert [chosen for _, chosen, _ in card.measures].count(True) == 1
    for area, low, high in (values[0] for _, _, values in card.measures):
        assert low <= area <= high
        assert f"{area:.3f}" in page
    for month, row in zip(card.months, kept.facts["judged"], strict=True):
        for area, (low, high), _ in month.measured:
            assert low < area < high
        assert month.customers == row["customers"]
    assert [str(group) for group, _ in dict(card.fairness)[card.fairness[0][0]]][1:] != []
    assert sum(row["customers"] for _, row in card.fairness[0][1]) == 250
    assert all(value >= 0.1 for _, value, _ in card.drifts)
    assert card.duel == []
    assert card.challenger is None


def test_a_champion_shows_its_challenger(learned):
    again = leaving.train(months(), BOOK, learned)
    assert Card(again).challenger == Card(again).kind
    duel = {"months": ["2025-06-01"], "champion": [0.7], "challenger": [0.8]}
    ((_, old, new),) = Card(Model(again.scorer, again.facts | {"duel": duel})).duel
    assert (old, new) == (0.7, 0.8)


def effect(acted: list[float], held: list[float], holdout: float = 0.1) -> SignalEffect:
    return SignalEffect("leaving", Group.of(acted), Group.of(held), 0.95, 8, holdout)


def test_how_many_more_warnings_are_needed():
    assert effect([], []).still_needed == 80, "eight kept back of one in ten"
    assert effect([1.0] * 90, [0.0] * 6).still_needed == 20
    assert effect([1.0] * 2, [0.0] * 20, 0.5).still_needed == 12
    assert effect([1.0] * 90, [], 0.0).still_needed == 0, "nobody is kept back, so it will never be told"
    sure = effect([100.0 + at for at in range(20)], [float(at) for at in range(20)])
    assert sure.still_needed == 0
    unsure = effect([float(at) for at in range(20)], [float(at) - 1 for at in range(20)])
    assert unsure.still_needed > 500, "a small difference takes many"


@pytest.mark.parametrize(("gain", "tone"), [(100.0, "more"), (-100.0, "less"), (0.5, "whole")])
def test_the_picture_shows_whether_it_is_sure_and_which_way(gain, tone):
    each = effect([gain + at for at in range(20)], [float(at) for at in range(20)]).each
    drawn = picture(each, "CNY")
    assert any(getattr(shape, "tone", "") == tone for shape in drawn.shapes)
    assert all(0 <= getattr(shape, "x", 1) <= drawn.width for shape in drawn.shapes)


@pytest.mark.parametrize("gain", [0, 40_000])
def test_the_page_tells_whether_acting_paid_within_the_readers_scope(signed_in, run, gain):
    client = signed_in("personal_banking")
    assert client.get(reverse(PAGE)).context["picture"] is None
    for held, change in ((False, gain), (True, 0)):
        size = 30
        changes = [change + 1_000 * (at % 5) for at in range(size)]
        Effect.objects.create(
            run_id=run.number, on=run.business_date, kind="leaving", branch_id="B1", held_out=held, customers=size,
            change=sum(changes), squares=sum(value**2 for value in changes),
        )  # fmt: skip
    context = client.get(reverse(PAGE)).context
    assert context["picture"] is not None
    assert context["effect"].each.sure == bool(gain)
    assert (context["effect"].still_needed == 0) == bool(gain) or gain == 0


def test_an_intervals_width_shrinks_with_the_groups():
    few, many = auc_interval(0.8, 10, 100), auc_interval(0.8, 1_000, 10_000)
    assert few[0] < many[0] < 0.8 < many[1] < few[1] <= 1


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_a_manager_reads_the_card_and_switches_the_model_off(desk, server, kept, language):
    page, address = desk(1440, language, "branch_manager"), f"{server.url}{reverse(PAGE)}"
    page.goto(address)
    expect(page.locator(".modelcards table").first).to_be_visible()
    page.locator("details.act summary").click()
    page.locator("[name=reason]").fill("not in our branch")
    page.locator(".act-box .btn-primary").click()
    expect(page.locator(".modelcards-now").first.locator(".text-danger")).to_be_visible()
    expect(page.locator(".modelcards-now").first).to_contain_text("not in our branch")
    assert violations(page, address) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert fits(page)


@pytest.mark.parametrize(
    ("trials", "slope", "said"),
    [(6_000, 0.08, "Tasks say where"), (6_000, 0.0, "not surely better"), (900, 0.08, "there are averages only")],
)
def test_the_card_of_whom_a_contact_helps_says_what_is_kept(signed_in, run, tmp_path, monkeypatch, trials, slope, said):
    monkeypatch.setattr(settings.HOME, "insight", tmp_path)
    client = signed_in("branch_manager")

    def page() -> str:
        return client.get(reverse(PAGE), headers={"Accept-Language": "en"}).content.decode()

    assert "No trial has been looked at yet." in page()
    model = uplift.train(test_uplift.made(trials, slope), test_uplift.BOOK, {"sex": {"C1": "F"}})
    files.save(tmp_path / UPLIFT, model.content)
    assert said in page()
    for facts in model.facts["models"].values():
        assert f"{facts['metrics']['regression'][0]:.4f}" in page()
    client.post(reverse("model_switch"), {"act": "off", "reason": "not in our branch", "model": UPLIFT})
    assert ("not in our branch" in page(), switching.is_on(UPLIFT), switching.is_on(NAME)) == (True, False, True)


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_the_card_of_whom_a_contact_helps_fits_desk_and_phone(desk, server, tmp_path, monkeypatch, language):
    monkeypatch.setattr(settings.HOME, "insight", tmp_path)
    made = test_uplift.made(6_000, 0.08)
    groups = {"sex": {customer: "FM"[at % 2] for at, customer in enumerate(sorted(set(made.customers.tolist())))}}
    files.save(tmp_path / UPLIFT, uplift.train(made, test_uplift.BOOK, groups).content)
    page, address = desk(1440, language, "branch_manager"), f"{server.url}{reverse(PAGE)}"
    page.goto(address)
    expect(page.locator("#uplift")).to_be_visible()
    assert violations(page, address) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert fits(page)


def test_a_task_says_why_the_warning_came_and_what_warned(signed_in, member, run):
    manager = member("relationship_manager")
    task = Task.objects.filter(run=run, staff_id=manager.staff_id).order_by("position")[0]
    Signal.objects.filter(customer_id=task.customer_id).delete()
    why = Why("trees", "2026-05-31", 143, [("went_month", 310), ("contact_days", 95)])
    Signal.objects.create(
        customer_id=task.customer_id, kind="leaving", subject="", raised_on=run.business_date, amount=212_000,
        base=388_000, on_date=run.business_date, detail=why.written(), since_run=run.number,
    )  # fmt: skip
    client = signed_in("relationship_manager")
    for name in ("task", "customer"):
        page = client.get(reverse(name, args=[task.customer_id])).content.decode()
        assert "近 4 周转往他行的相当于自身水平的 31%、最近一次联系在 95 天前" in page
        assert "提升树(2026年5月31日),可能性 14.3%" in page
