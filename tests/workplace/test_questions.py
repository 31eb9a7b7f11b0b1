"""Free questions: sums against independent SQL, groups against segments, the gate, the pages."""

import io
import json
import random
from datetime import date
from decimal import Decimal

import duckdb
import openpyxl
import pytest
from django.urls import reverse

from bench import segments as synthetic
from tests import bank
from tests.workplace.test_axe import AXE, RUN
from tests.workplace.test_segments import kept as segment_kept
from weihu.rules import rulebook
from weihu.workplace.act.questions import reading
from weihu.workplace.act.questions.asking import Asked
from weihu.workplace.act.questions.dimensions import DIMENSIONS
from weihu.workplace.act.questions.examples import EVERYBODY, EXAMPLES
from weihu.workplace.act.questions.measures import MEASURES
from weihu.workplace.act.questions.models import Question
from weihu.workplace.act.questions.state import Axis, sums
from weihu.workplace.act.questions.table import Table
from weihu.workplace.act.segments import reading as segments
from weihu.workplace.act.segments.definition import Condition, Definition, Group
from weihu.workplace.act.segments.models import Segment
from weihu.workplace.act.segments.state import State
from weihu.workplace.bank.models import Run, Staff
from weihu.workplace.base.models import Entry
from weihu.workplace.gate.models import Export
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.scope import Scope

WEALTHY = Definition("all", (Group("all", (Condition("aum", "least", "20000"),)),))
TODAY = synthetic.TODAY
SQL = {
    "grade": "['" + "','".join(rulebook.load("brief").grades) + "'][1 + grade_rank]",
    "branch": "branch_id",
    "primary": "primary_id",
    "opened_year": "CAST(year(opened_on) AS VARCHAR)",
    "opened_month": "strftime(opened_on, '%Y-%m')",
    "products": "CAST(least(product_count, 5) AS VARCHAR)",
    "watch": "CASE WHEN watch_since IS NULL THEN 'no' ELSE 'yes' END",
    "losing": "CASE WHEN losing THEN 'yes' ELSE 'no' END",
    "age": "CASE WHEN age < 18 THEN '0' WHEN age < 30 THEN '18' WHEN age < 45 THEN '30' WHEN age < 60 THEN '45'"
    " WHEN age < 75 THEN '60' ELSE '75' END",
    "holds": "category",
}
"""The value of each dimension as somebody who knows the files would write it."""
SUMMED = ("aum", "monthly_average", "contribution", "flow_30", "flow_365", "in_term")


def prepared(folder, book):
    """The synthetic columns as views, and one row a customer with what the SQL above asks."""
    database = duckdb.connect()
    for name in ("standings", "accounts", "products", "profiles", "signals", "worths"):
        database.execute(f"CREATE VIEW {name} AS FROM '{folder / f'{name}.parquet'}'")
    kinds = ", ".join(f"'{kind}'" for kind in book.lists.loss_kinds)
    database.execute(f"""CREATE TABLE people AS SELECT s.*, date_sub('year', birth_date, DATE '{TODAY}') AS age,
      flow_30 < 0 AND s.customer_id IN (SELECT customer_id FROM signals WHERE kind IN ({kinds}) AND NOT held_out) AS losing,
      coalesce((SELECT sum(balance) FROM accounts a WHERE a.customer_id = s.customer_id AND closed_on IS NULL
        AND product_id = 'T001'), 0)::DECIMAL(18,2) AS in_term
      FROM standings s JOIN profiles USING (customer_id) WHERE effective""")
    database.execute("""CREATE TABLE held AS SELECT DISTINCT customer_id, category FROM accounts JOIN products
      USING (product_id) WHERE closed_on IS NULL""")
    return database


@pytest.fixture(scope="module")
def columns(tmp_path_factory):
    folder = tmp_path_factory.mktemp("columns")
    synthetic.make(folder, 3000)
    book = rulebook.load("brief")
    return State(folder, book, TODAY), prepared(folder, book), book


class Reader:
    """Who reads the synthetic columns: dimensions ask a reader for the values that they offer."""

    def __init__(self, book):
        self.run = type("Night", (), {"rulebook": book, "work_date": TODAY})()


def axes_of(keys, book):
    rows = []
    for key in keys:
        values = () if DIMENSIONS[key].column else DIMENSIONS[key].values(Reader(book), ())
        rows.append(Axis(key, tuple((value.key, value.meets) for value in values)))
    return tuple(rows)


def test_random_questions_equal_independent_sql(columns):
    state, database, book = columns
    draw = random.Random(17)
    for number in range(24):
        keys = tuple(draw.sample(list(SQL), number % 3))
        conditions = [synthetic.random_condition(draw, book) for _ in range(draw.randint(0, 2))]
        definition = Definition("all", (Group("all", tuple(condition for condition, _ in conditions)),))
        which = " AND ".join(sql for _, sql in conditions) or "true"
        found = sums(state, definition, axes_of(keys, book), Scope(everybody=True))
        for chosen in range(2 ** len(keys)):
            by = [SQL[key] if chosen >> place & 1 else "NULL" for place, key in enumerate(keys)]
            source = "people s"
            if any("category" in sql for sql in by):
                source += " JOIN held h USING (customer_id)"
            told = ", ".join(f"sum({name})" for name in SUMMED)
            select = ", ".join([*by, "count(*)", "sum(product_count)", "sum(losing::INT)", told])
            rows = database.execute(f"SELECT {select} FROM {source} WHERE {which} GROUP BY ALL").fetchall()
            expected = {row[: len(keys)]: row[len(keys) :] for row in rows if row[len(keys)]}
            mine = {
                group: (sums["customers"], sums["products"], sums["losing"], *(sums[name] for name in SUMMED))
                for group, sums in found.items()
                if [value is not None for value in group] == [bool(chosen >> place & 1) for place in range(len(keys))]
            }
            assert mine == expected, (keys, definition)


def asked(rows="", columns="", measures=("customers", "aum"), when="", definition=EVERYBODY):
    return Asked(definition, rows, columns, tuple(measures), measures[0], when)


@pytest.mark.parametrize("key", DIMENSIONS)
def test_a_group_is_the_segment_that_its_row_opens(key, run, member):
    gate = Gate(member("personal_banking"), run)
    for name, definition in (("everybody", EVERYBODY), ("wealthy", WEALTHY)):
        segment_kept(gate.staff, definition, run, name=name)
    question = asked(key, definition=WEALTHY)
    answer = reading.ask(gate, question)
    groups = answer.nights[0][1]
    values = answer.values[0][:2] + answer.values[0][-1:]
    totals = segments.totals(gate, [reading.narrowed(gate, question, (value.key,)) for value in values])
    assert totals
    for value, total in zip(values, totals, strict=True):
        group = groups[(value.key,)]
        assert (group["customers"], group["aum"]) == (total.customers, total.aum), value
        assert MEASURES["growth"].of(group) == total.growth
    everybody = groups[(None,)]["customers"]
    counted = sum(groups[(value.key,)]["customers"] for value in answer.values[0])
    assert counted == everybody or DIMENSIONS[key].kind == "several"


def test_every_reader_counts_the_own_reach(run, member):
    for post in ("branch_manager", "personal_banking"):
        gate = Gate(member(post), run)
        answer = reading.ask(gate, asked("branch", "grade"))
        rows = gate.standings().filter(effective=True)
        assert answer.nights[0][1][None, None]["customers"] == rows.count()
        assert {value.key for value in answer.values[0]} == set(rows.values_list("branch_id", flat=True))


def table_of(gate, question):
    return Table(question, reading.ask(gate, question), gate.run.rulebook)


def test_measures_stand_side_by_side_or_one_is_shown(run, member):
    gate = Gate(member("personal_banking"), run)
    flat = table_of(gate, asked("grade"))
    assert [head.measure for head in flat.heads] == ["customers", "aum"] and not flat.single
    total = gate.standings().filter(effective=True)
    assert flat.total.cells[0].value == total.count()
    assert flat.total.cells[1].value == sum((row.aum for row in total), Decimal(0))
    cross = table_of(gate, asked("grade", "branch"))
    assert cross.single and cross.heads[-1].value is None
    assert cross.total.cells[-1].value == total.count()
    titles, rows = cross.sheet()
    assert len(titles) == len(rows[0]) == 1 + 2 * len(cross.heads)
    assert cross.chart["kind"] == "bars" and len(cross.chart["series"]) == len(cross.heads) - 1
    alone = table_of(gate, asked())
    assert alone.lines == [] and alone.chart is None and alone.sheet()[1][0][1:] == [
        total.count(), flat.total.cells[1].value
    ]  # fmt: skip
    assert table_of(gate, asked("grade", "grade")).titles == [str(DIMENSIONS["grade"].title)]


def two_nights(monkeypatch):
    """The night before the latest is kept too, so it stands for the end of a month."""
    bank.all_nights()
    monkeypatch.setattr(segments, "is_month_end", lambda on: True)


def test_months_stand_side_by_side_with_both_groups_as_rows(run, member, monkeypatch):
    two_nights(monkeypatch)
    gate = Gate(member("personal_banking"), run)
    earlier = segments.kept_nights(run)[1]
    table = table_of(gate, asked("grade", "branch", when="months:3"))
    assert len(table.titles) == 2 and len(table.heads) == 2
    then, now = (cell.value for cell in table.total.cells)
    path = segments.settings.HOME.run(earlier.number) / "standings.parquet"
    assert then == duckdb.sql(f"SELECT count(*) FROM '{path}' WHERE effective").fetchall()[0][0]
    assert now == gate.standings().filter(effective=True).count()
    assert table.chart["kind"] == "lines" and len(table.chart["places"]) == 2
    assert all(line.group == "" for line in table.lines)
    on = asked("grade", when=earlier.business_date.isoformat())
    assert table_of(gate, on).total.cells[0].value == then
    assert reading.chosen(asked(when="2001-01-01"), run) == [earlier]


def test_a_night_whose_book_lacks_a_condition_says_nothing(run, member, monkeypatch):
    two_nights(monkeypatch)
    monkeypatch.setattr(Run, "rulebook", property(lambda night: BOOKS[night.number == run.number]))
    whole = run.book.content and rulebook.restored(run.book.content)
    fields = {key: entry for key, entry in whole.fields.items() if key != "hobbies"}
    BOOKS = (whole.model_copy(update={"fields": fields}), whole)  # noqa: N806
    gate = Gate(member("personal_banking"), run)
    known = Definition("all", (Group("all", (Condition("fact:hobbies", "unknown"),)),))
    table = table_of(gate, asked("grade", when="months:3", definition=known))
    assert len(table.unanswered) == 1
    assert [cell.text == "—" for cell in table.total.cells] == [True, False]


def test_a_question_is_kept_as_it_was_asked():
    question = asked("grade", "branch", ("aum", "losing"), "months:6", WEALTHY)
    assert Asked.kept(question.written()) == question
    parts = json.loads(question.written())
    gone = Asked.kept(json.dumps([parts[0], "none such", "branch", ["none such"], "aum", "x"]))
    assert (gone.rows, gone.columns, gone.measures, gone.shown, gone.when) == (
        "",
        "branch",
        ("customers",),
        "customers",
        "",
    )
    assert gone.axes == ("branch",)
    assert (question.months, question.on, asked(when="2026-05-31").on) == (6, None, date(2026, 5, 31))


def sent(**more):
    return {"join": "all", "rows": "grade", "measure": ["customers", "aum"], "shown": "aum", **more}


RICH = {"g0-join": "all", "g0-r0-field": "aum", "g0-r0-comparison": "least", "g0-r0-value": "1万"}


def test_the_page_follows_every_change(signed_in, run, member):
    client, build = signed_in("branch_manager"), reverse("question_build")
    for name in EXAMPLES:
        assert client.get(build, {"example": name}).context["table"].lines
    preview = client.post(build, sent(part="preview", columns="age", **RICH))
    assert preview.templates[0].name == "questions/result.html"
    assert preview.context["asked"].columns == "age" and preview.context["linked"]
    rows = client.post(build, sent(group="1"))
    assert rows.templates[0].name == "segments/rows.html" and len(rows.context["groups"]) == 1
    assert b'id="segment-preview"' in rows.content and b"data-answer" in rows.content
    assert client.get(build).context["asked"].rows == "grade"


def test_a_question_is_kept_shared_and_deleted(signed_in, run, member, client):
    manager = member("branch_manager")
    client, save = signed_in("branch_manager"), reverse("question_save")
    assert client.post(save, sent()).status_code == 422
    assert client.post(save, sent(name="x", **{**RICH, "g0-r0-value": "x"})).status_code == 422
    client.post(save, sent(name="Mine", **RICH))
    row = Question.objects.get()
    assert Asked.kept(row.asked).shown == "aum"
    page = client.get(reverse("question", args=[row.pk]))
    assert page.context["own"] and page.context["table"].total.cells[0].value > 0
    client.post(save, sent(name="Renamed", number=row.pk, when="2001-01-01"))
    assert "2001-01-01" in dict(client.get(reverse("question", args=[row.pk])).context["whens"])
    assert Question.objects.get().name == "Renamed"
    act, address = reverse("question_act", args=[row.pk]), reverse("question", args=[row.pk])
    supervisor = Staff.objects.filter(post="rm_supervisor", branch_id=manager.branch_id, is_active=True)[0]
    client.force_login(supervisor)
    assert client.get(address).status_code == 404
    client.force_login(manager)
    assert client.post(act, {"act": "none such"}).status_code == 400
    client.post(act, {"act": "share", "post": ["rm_supervisor", "none such"]})
    client.force_login(supervisor)
    assert not client.get(address).context["own"]
    assert [one["question"].pk for one in client.get(reverse("questions")).context["rows"]] == [row.pk]
    assert client.post(act, {"act": "delete"}).status_code == 404
    client.post(save, sent(name="Copy", number=row.pk))  # another one's is not changed but copied
    assert Question.objects.count() == 2 and Question.objects.get(pk=row.pk).name == "Renamed"
    client.force_login(manager)
    client.post(act, {"act": "share"})
    assert Question.objects.get(pk=row.pk).posts == []
    client.post(act, {"act": "delete"})
    assert not Question.objects.filter(pk=row.pk).exists()


def test_a_workbook_is_marked_and_recorded(signed_in, run):
    client = signed_in("branch_manager")
    answer = client.post(reverse("question_sheet"), sent(columns="age", name="Ages"))
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    rows = list(sheet.iter_rows(values_only=True))
    shown = client.post(reverse("question_build"), sent(columns="age", part="preview", shown="customers")).context[
        "table"
    ]
    assert rows[-1][len(shown.heads)] == shown.total.cells[-1].value
    export = Export.objects.get()
    assert (export.why, export.rows) == ("Ages", 0)
    assert Entry.objects.filter(action="sheet.export").exists()
    assert sheet.oddHeader.center.text


def test_a_row_opens_its_customers_as_a_segment(signed_in, run):
    client, address = signed_in("branch_manager"), reverse("question_customers")
    table = client.post(reverse("question_build"), sent(part="preview", shown="customers", **RICH)).context["table"]
    line = next(line for line in table.lines if line.cells[0].value)
    answer = client.post(address, sent(group=line.group, **RICH))
    assert answer.templates[0].name == "segments/build.html"
    assert answer.context["of"].customers == line.cells[0].value
    for wrong in ("", "{}", "[1]", '["a", "b"]'):
        assert client.post(address, sent(group=wrong)).status_code == 400
    other = {"join": "any", "g1-join": "all", **{key.replace("g0", "g1"): value for key, value in RICH.items()}}
    assert client.post(address, sent(group=line.group, **RICH) | other).status_code == 400
    assert not client.post(reverse("question_build"), sent(part="preview", **RICH) | other).context["linked"]


def test_groups_are_put_together_or_it_is_said_that_they_cannot_be():
    one, two, both = Condition("aum", "least", "1"), Condition("watch", "yes"), Condition("losing", "no")
    some_of = Definition("none", (Group("all", (one,)), Group("any", (two, both)), Group("none", (one, two))))
    groups = some_of.narrowed(WEALTHY).groups
    assert [group.join for group in groups] == ["none", "none", "any", "all"]
    assert Definition("none", (Group("all", (one, two)),)).narrowed() is None
    assert Definition("any", (Group("all", (one,)), Group("all", (two,)))).narrowed() is None
    assert Definition("all", (Group("all", (one,)),) * 6).narrowed(WEALTHY) is None


@pytest.mark.parametrize("post", ["relationship_manager", "high_counter", "it_operator"])
def test_who_has_only_own_customers_asks_nothing(post, signed_in, run):
    client = signed_in(post)
    assert client.get(reverse("questions")).status_code == 404
    for name in ("question_build", "question_save", "question_sheet", "question_customers"):
        assert client.post(reverse(name), sent()).status_code == 404


def test_a_range_over_too_many_sealed_values_says_so(signed_in, run, monkeypatch):
    monkeypatch.setattr("weihu.workplace.know.archive.lists.MOST_OPENED", -1)
    client = signed_in("branch_manager")
    row = {"g0-join": "all", "g0-r0-field": "fact:household_size", "g0-r0-comparison": "from", "g0-r0-value": "2"}
    assert client.post(reverse("question_build"), sent(part="preview", **row)).context["too_wide"]
    assert client.post(reverse("question_sheet"), sent(**row)).status_code == 400
    assert not Segment.objects.exists()


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en-US")])
def test_a_manager_pivots_and_opens_a_row(desk, server, width, language):
    page = desk(width, language, "branch_manager")
    page.goto(server.url + reverse("question_build"))
    answer = page.locator("[data-answer]")
    heads = answer.locator("thead th")
    page.locator("[name=rows]").select_option("age")
    page.locator("[data-answer] button[value*='30']").first.wait_for()
    before = heads.count()
    page.locator("[name=columns]").select_option("losing")
    page.locator("[name=shown][value=aum]").wait_for(state="attached")
    page.locator(
        ".question-shown :text('%s')" % ("用于表格和图" if language == "zh-CN" else "in table and chart")
    ).wait_for()
    assert before == 4 and heads.count() in (3, 4)
    page.locator(".question-chart svg").wait_for()
    page.locator("details summary.card-header").click()
    page.locator("#segment-group").click()
    page.locator("[name=g0-r0-value]").fill("1")
    page.locator("[data-unused]").wait_for(state="detached")
    page.evaluate(AXE)
    assert page.evaluate(RUN) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.fill("[name=name]", "Ages")
    page.locator(".question-keep .btn-primary").click()
    page.locator("[name=number]").wait_for(state="attached")
    answer.locator("tbody button").first.click()
    page.locator("[data-count]").wait_for()
    assert int(page.locator("[data-count]").get_attribute("data-count")) > 0
    page.goto(server.url + reverse("questions"))
    page.evaluate(AXE)
    assert page.evaluate(RUN) == []
