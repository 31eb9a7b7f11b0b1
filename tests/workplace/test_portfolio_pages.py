"""The pages of hand-overs, claims, staffing, referrals and benefits: every step by a post, every refusal in words."""

import io
from datetime import timedelta
from uuid import uuid4

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from weihu.workplace.bank.models import Staff, Standing, Unassigned
from weihu.workplace.gate.models import Absence, Handover, Placement, Referral
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.benefits.models import BenefitUse
from weihu.workplace.judge.benefits.using import reassign_uses, use
from weihu.workplace.judge.portfolio import decisions
from weihu.workplace.judge.portfolio.models import Claim, Staffing

from .test_portfolio import colleagues, owned, supervisor_of

pytestmark = pytest.mark.django_db

CHOOSE = "请选择同一人名下的客户、另一位接收人和不早于今天的日期。"
NOT_YOURS = "这一步须由他人办理。"
RECEIVER = "接收人须在客户所属网点,并在管户岗位上。"
SUPERVISOR = "由本网点未参与此事的主管决定并写明理由:发起人、移交人、接收人和当事人本人不能审批。"
SETTLED = "已有人处理。"


@pytest.fixture
def post(client):
    """Posts a form as a member of staff."""

    def send(staff, page, form, *number):
        client.force_login(staff)
        return client.post(reverse(page, args=number), form)

    return send


def refused(answer, words, status=422):
    """Whether a page says why it refuses, in an alert."""
    alert = f'<div class="alert alert-danger" role="alert">{words}</div>'
    return answer.status_code == status and alert in answer.content.decode()


def sheet_of(answer):
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(answer.content)).active]


def proposal(run, giver, receiver, /, **changes):
    """The form by which somebody proposes to hand all of a person's customers over."""
    form = {"giver": giver.staff_id, "to": receiver.staff_id, "on": str(run.work_date), "token": str(uuid4())}
    return form | {"scope": "all", "note": "常在上午"} | changes


def proposed(run, giver, receiver):
    return decisions.propose(Gate(giver, run), receiver, owned(run, giver)[:2], run.work_date, "", uuid4())


# --- hand-over ---


def test_all_customers_of_a_person_are_handed_over_through_the_pages(run, post, client):
    giver, receiver = colleagues(run)
    form = proposal(run, giver, receiver)
    answer = post(giver, "handovers", form)
    made = Handover.objects.get()
    assert answer.url == reverse("handover", args=[made.pk])
    assert post(giver, "handovers", form).url == answer.url  # the same form again is the same hand-over
    assert set(made.customers.values_list("customer_id", flat=True)) == {row.customer_id for row in owned(run, giver)}
    boss = supervisor_of(giver.branch_id)
    for staff, act, state in ((receiver, "accept", "accepted"), (boss, "approve", "approved")):
        client.force_login(staff)
        assert f'name="act" value="{act}"' in client.get(answer.url).content.decode()
        assert post(staff, "handover", {"act": act, "note": "好"}, made.pk).url == answer.url
        made.refresh_from_db()
        assert made.state == state
    assert Placement.objects.filter(staff_id=receiver.staff_id, origin="handover").count() == len(owned(run, giver))
    page = client.get(answer.url).content.decode()
    assert 'data-state="approved"' in page
    assert 'name="act"' not in page
    lines = sheet_of(client.get(reverse("handovers") + "?xlsx=1"))
    assert [line[:2] + line[4:] for line in lines[1:]] == [[giver.name, receiver.name, len(owned(run, giver))]]


def test_only_the_chosen_customers_of_the_person_are_handed_over(run, post):
    giver, receiver = colleagues(run)
    row, foreign = owned(run, giver)[0], owned(run, receiver)[0]
    form = proposal(run, giver, receiver, scope="", chosen=[row.customer_id, foreign.customer_id])
    assert post(supervisor_of(giver.branch_id), "handovers", form).status_code == 302
    assert list(Handover.objects.get().customers.values_list("customer_id", flat=True)) == [row.customer_id]


@pytest.mark.parametrize(
    "changes",
    [
        {"token": "none"},
        {"token": ""},
        {"to": "nobody"},
        {"on": ""},
        {"on": "tomorrow"},
        {"on": "2000-01-01"},
        {"scope": ""},
        {"giver": "nobody"},
        {"scope": "", "chosen": ["nobody"]},
    ],
)
def test_an_incomplete_proposal_is_refused_in_words(run, post, changes):
    giver, receiver = colleagues(run)
    assert refused(post(giver, "handovers", proposal(run, giver, receiver, **changes)), CHOOSE)
    assert not Handover.objects.exists()


def test_a_proposal_to_somebody_who_cannot_have_the_customers_is_refused_in_words(run, post):
    giver, receiver = colleagues(run)
    assert refused(post(giver, "handovers", proposal(run, giver, giver)), CHOOSE)
    elsewhere = Staff.objects.filter(post=giver.post).exclude(branch_id=giver.branch_id).first()
    head = Staff.objects.filter(post="personal_banking").first()
    assert refused(post(head, "handovers", proposal(run, giver, elsewhere)), RECEIVER)
    day = run.work_date
    Absence.objects.create(
        staff_id=receiver.staff_id, from_on=day, to_on=day, cover_id=giver.staff_id, entered_by="b", agreed_by="c"
    )
    third = Staff.objects.filter(post="lobby_manager", branch_id=giver.branch_id).first()
    assert refused(post(giver, "handovers", proposal(run, receiver, third)), NOT_YOURS)
    assert not Handover.objects.exists()


def test_each_step_of_a_hand_over_is_refused_to_whom_it_is_not_for(run, post):
    giver, receiver = colleagues(run)
    boss, made = supervisor_of(giver.branch_id), proposed(run, giver, receiver)
    for staff, act, words in (
        (giver, "accept", NOT_YOURS),
        (receiver, "withdraw", NOT_YOURS),
        (giver, "approve", SUPERVISOR),
        (receiver, "refuse", SUPERVISOR),
        (boss, "approve", SETTLED),
        (boss, "refuse_offer", NOT_YOURS),
    ):
        assert refused(post(staff, "handover", {"act": act}, made.pk), words, 403)
        made.refresh_from_db()
        assert made.state == "proposed"
    assert post(giver, "handover", {"act": "keep"}, made.pk).status_code == 400
    assert post(giver, "handover", {}, made.pk).status_code == 400
    assert post(colleagues(run, "high_counter")[0], "handover", {"act": "accept"}, made.pk).status_code == 404
    assert post(giver, "handover", {"act": "withdraw"}, made.pk + 1).status_code == 404
    assert not Placement.objects.exists()


@pytest.mark.parametrize("acts", [["refuse_offer"], ["accept", "refuse"], ["withdraw"], ["accept", "withdraw"]])
def test_a_hand_over_that_ends_early_moves_nobody_and_is_over(run, post, acts):
    giver, receiver = colleagues(run)
    made = proposed(run, giver, receiver)
    by = {"accept": receiver, "refuse_offer": receiver, "refuse": supervisor_of(giver.branch_id), "withdraw": giver}
    for act in acts:
        assert post(by[act], "handover", {"act": act, "note": "不行"}, made.pk).status_code == 302
    made.refresh_from_db()
    assert made.state == ("withdrawn" if acts[-1] == "withdraw" else "refused")
    for act in ("accept", "withdraw", "refuse"):
        assert refused(post(by[act], "handover", {"act": act}, made.pk), SETTLED, 403)
    assert not Placement.objects.exists()


def test_the_list_offers_a_supervisor_each_persons_customers_and_marks_what_is_late(run, client):
    giver, receiver = colleagues(run)
    made = proposed(run, giver, receiver)
    Handover.objects.filter(pk=made.pk).update(due_on=run.work_date - timedelta(days=1))
    client.force_login(supervisor_of(giver.branch_id))
    page = client.get(reverse("handovers"), {"giver": giver.staff_id})
    assert {row.customer_id for row in page.context["owned"]} == {row.customer_id for row in owned(run, giver)}
    assert giver.staff_id not in {staff.staff_id for staff in page.context["receivers"]}
    assert [late for _row, _count, late in page.context["rows"]] == [True]
    client.force_login(giver)
    assert client.get(reverse("handovers")).context["givers"] == []


# --- claim ---


def claimable_of(run, staff, owner):
    rows = decisions.claimable(Gate(staff, run)).filter(primary_id=owner.staff_id)
    return rows.order_by("customer_id").first()


@pytest.mark.parametrize(("act", "state"), [("uphold", "upheld"), ("return", "returned")])
def test_a_claim_is_taken_disputed_and_settled_through_the_page(run, post, client, act, state):
    first, second = colleagues(run, "high_counter")
    boss, row = supervisor_of(first.branch_id), claimable_of(run, first, second)
    assert post(first, "claims", {"act": "claim", "customer_id": row.customer_id}).status_code == 302
    made = Claim.objects.get()
    lines = sheet_of(client.get(reverse("claims") + "?xlsx=1"))
    assert [line[:2] for line in lines[1:]] == [[row.customer.name, row.customer_id]]
    client.force_login(second)
    assert [claim for claim, _standing in client.get(reverse("claims")).context["taken"]] == [made]
    number = {"number": str(made.pk)}
    assert refused(post(second, "claims", {"act": "dispute", "why": " "} | number), NOT_YOURS)
    assert refused(post(first, "claims", {"act": "dispute", "why": "我的"} | number), NOT_YOURS)
    assert refused(post(boss, "claims", {"act": act, "why": "还没有异议"} | number), SETTLED)
    assert post(second, "claims", {"act": "dispute", "why": "上周刚约过"} | number).status_code == 302
    assert refused(post(second, "claims", {"act": "dispute", "why": "再说一次"} | number), SETTLED)
    client.force_login(boss)
    assert "上周刚约过" in client.get(reverse("claims")).content.decode()
    assert refused(post(boss, "claims", {"act": act} | number), SUPERVISOR)
    assert refused(post(second, "claims", {"act": act, "why": "我定"} | number), SUPERVISOR)
    elsewhere = Staff.objects.filter(post=boss.post).exclude(branch_id=boss.branch_id).first()
    assert refused(post(elsewhere, "claims", {"act": act, "why": "我定"} | number), SUPERVISOR)
    assert post(boss, "claims", {"act": act, "why": "按记录"} | number).status_code == 302
    made.refresh_from_db()
    assert (made.state, made.decided_by, made.decision) == (state, boss.staff_id, "按记录")
    assert Placement.objects.order_by("pk").last().staff_id == (first if act == "uphold" else second).staff_id
    assert refused(post(boss, "claims", {"act": act, "why": "又来"} | number), SETTLED)


def test_a_customer_who_is_not_for_claiming_is_refused_in_words(run, post):
    first, second = colleagues(run, "high_counter")
    row = claimable_of(run, first, second)
    own, valued = owned(run, first)[0], Standing.objects.listed_at(run).filter(grade_rank=4).first()
    assert post(first, "claims", {"act": "claim", "customer_id": row.customer_id}).status_code == 302
    for key in (row.customer_id, own.customer_id, valued.customer_id, "nobody", ""):
        answer = post(first, "claims", {"act": "claim", "customer_id": key})
        assert refused(answer, "该客户不能认领:已被认领、近期有人联系,或等级不在认领范围。")
    assert Claim.objects.count() == 1


def test_who_has_claimed_as_many_as_a_day_allows_is_told(run, post):
    staff = colleagues(run, "high_counter")[0]
    rows = list(decisions.claimable(Gate(staff, run)).order_by("customer_id"))
    most = run.rulebook.portfolios.claims_per_day
    for row in rows[:most]:
        assert post(staff, "claims", {"act": "claim", "customer_id": row.customer_id}).status_code == 302
    answer = post(staff, "claims", {"act": "claim", "customer_id": rows[most].customer_id})
    assert refused(answer, "您的认领已达上限。")
    assert Claim.objects.count() == most


@pytest.mark.parametrize("number", ["", "x", "0", "9" * 30])
def test_a_claim_that_does_not_exist_is_not_found(run, post, number):
    staff = colleagues(run, "high_counter")[0]
    assert post(staff, "claims", {"act": "dispute", "number": number, "why": "x"}).status_code == 404


def test_an_unknown_act_on_a_claim_is_not_found(run, post):
    first, second = colleagues(run, "high_counter")
    made = decisions.claim(Gate(first, run), claimable_of(run, first, second).customer_id)
    assert post(second, "claims", {"act": "keep", "number": str(made.pk)}).status_code == 404


# --- staffing ---


def uploaded(text, name="table.csv"):
    return {"file": SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text)}


def test_a_file_that_is_no_staffing_table_is_refused_in_words(run, post):
    answer = post(supervisor_of("B001"), "staff_table", uploaded("姓名,网点\n张三,B001\n"))
    assert refused(answer, "第一行须有“工号”一列")
    assert not Staffing.objects.exists()


def test_wrong_cells_are_named_and_nothing_is_saved(run, post):
    boss = supervisor_of("B001")
    people = list(Gate(boss, run).colleagues())
    table = "\n".join(
        [
            "工号,兼岗,管户上限,每日分钟",
            f"{people[0].staff_id},船长、客户经理,100001,721",
            ",,,",
            f"{people[1].staff_id},,-1,半天",
            "nobody,,,",
            f"{people[2].staff_id}",
        ]
    )
    answer = post(boss, "staff_table", uploaded(table))
    assert answer.status_code == 422
    page = answer.content.decode()
    problems = [(problem.line, problem.column, problem.found) for problem in answer.context["problems"]]
    assert problems == [
        (2, "兼岗", "船长"),
        (2, "管户上限", "100001"),
        (2, "每日分钟", "721"),
        (4, "管户上限", "-1"),
        (4, "每日分钟", "半天"),
        (5, "工号", "nobody"),
    ]
    for words in ("制度中的岗位", "不超过 100000 的整数", "不超过 720 的整数", "您管辖范围内的在岗员工"):
        assert words in page
    assert not Staffing.objects.exists()


def test_a_right_table_is_saved_and_shown_and_comes_back_in_the_download(run, post, client):
    boss = supervisor_of("B001")
    staff, other = colleagues(run, "high_counter")
    table = f"工号,兼岗,管户上限,每日分钟\n{staff.staff_id},大堂经理;lobby manager,7,0\n{other.staff_id},高柜柜员,,\n"
    answer = post(boss, "staff_table", uploaded(table))
    assert answer.status_code == 200
    assert "已保存 2 人,下一批次起生效。" in answer.content.decode()
    entry = Staffing.objects.get(pk=staff.staff_id)
    assert (entry.posts, entry.customers_max, entry.minutes_per_day) == (["lobby_manager"], 7, 0)
    assert (entry.changed_by, entry.changed_on) == (boss.staff_id, run.work_date)
    entry = Staffing.objects.get(pk=other.staff_id)
    assert (entry.posts, entry.customers_max, entry.minutes_per_day) == ([], None, None)
    lines = {line[0]: line[4:] for line in sheet_of(client.get(reverse("staff_table") + "?xlsx=1"))[1:]}
    assert lines[staff.staff_id] == ["大堂经理", 7, 0]
    loads = {row["staff"]: row for row in client.get(reverse("portfolios")).context["rows"]}
    assert (loads[staff]["limit"], loads[staff]["full"]) == (7, len(owned(run, staff)) > 7)
    assert Staffing.objects.count() == 2


def test_who_decides_nothing_has_no_staffing_table(run, post):
    staff = colleagues(run)[0]
    assert post(staff, "staff_table", uploaded("工号\n")).status_code == 404


def test_an_absence_is_entered_shown_and_withdrawn(run, post, client):
    away, cover = colleagues(run)
    boss, day = supervisor_of(away.branch_id), str(run.work_date)
    form = {"staff_id": away.staff_id, "from_on": day, "to_on": day, "cover_id": cover.staff_id}
    assert post(boss, "staff_table", form).url == reverse("staff_table")
    absence = Absence.objects.get()
    assert (absence.staff_id, absence.cover_id, absence.entered_by) == (away.staff_id, cover.staff_id, boss.staff_id)
    assert [row for row, _ in client.get(reverse("staff_table")).context["absences"]] == [absence]
    loads = {row["staff"]: row["away"] for row in client.get(reverse("portfolios")).context["rows"]}
    assert (loads[away], loads[cover]) == (absence, None)
    elsewhere = Staff.objects.filter(post=boss.post).exclude(branch_id=boss.branch_id).first()
    for staff, number in ((elsewhere, absence.pk), (boss, "x"), (boss, absence.pk + 1), (boss, "9" * 30)):
        assert post(staff, "staff_table", {"withdraw": str(number)}).status_code == 422
    assert not Absence.objects.filter(withdrawn=True).exists()
    assert post(boss, "staff_table", {"withdraw": str(absence.pk)}).status_code == 302
    assert Absence.objects.get().withdrawn
    assert not client.get(reverse("staff_table")).context["absences"]


@pytest.mark.parametrize(
    "wrong",
    [
        "no person",
        "of another branch",
        "no day",
        "backwards",
        "covers itself",
        "no cover",
        "79 years",
        "a day too long",
    ],
)
def test_an_absence_that_cannot_be_is_refused_in_words(run, post, wrong):
    away, _cover = colleagues(run)
    elsewhere = Staff.objects.exclude(branch_id=away.branch_id).filter(post=away.post).first()
    day, before = str(run.work_date), str(run.work_date - timedelta(days=1))
    form = {"staff_id": away.staff_id, "from_on": day, "to_on": day, "cover_id": ""}
    form |= {
        "no person": {"staff_id": ""},
        "of another branch": {"staff_id": elsewhere.staff_id},
        "no day": {"to_on": ""},
        "backwards": {"to_on": before},
        "covers itself": {"cover_id": away.staff_id},
        "no cover": {"cover_id": elsewhere.staff_id},
        "79 years": {"to_on": str(run.work_date + timedelta(days=79 * 365))},
        "a day too long": {"to_on": str(run.work_date + timedelta(days=run.rulebook.portfolios.absence_days + 1))},
    }[wrong]
    answer = post(supervisor_of(away.branch_id), "staff_table", form)
    assert refused(answer, "请假须写明人员、起止日期(最长 190 天),代班人须是另一个人;代班由另一位主管同意。")
    assert not Absence.objects.exists()


def test_the_unassigned_are_listed_and_download_as_a_workbook(run, client):
    giver = colleagues(run)[0]
    rows, boss = owned(run, giver)[:2], supervisor_of(giver.branch_id)
    for row, owner in zip(rows, (boss.staff_id, ""), strict=True):
        Unassigned.objects.create(run_id=run.number, customer_id=row.customer_id, owner_id=owner)
    client.force_login(boss)
    assert len(client.get(reverse("portfolios")).context["unassigned"]) == 2
    lines = sheet_of(client.get(reverse("portfolios") + "?xlsx=unassigned"))[1:]
    assert [(line[1], line[4] or "") for line in lines] == [(rows[0].customer_id, boss.name), (rows[1].customer_id, "")]


# --- referral ---


def referable(run, staff, rank=2):
    return next(row for row in owned(run, staff) if row.grade_rank == rank)


def test_a_customer_is_referred_to_the_chosen_receiver_and_accepted(run, post, client):
    low = colleagues(run, "low_counter")[0]
    row = referable(run, low)
    receiver = decisions.receivers(row, 3, run.rulebook)[-1]
    assert post(low, "refer", {"to": receiver.staff_id}, row.customer_id).url == reverse("referrals")
    made = Referral.objects.get()
    assert (made.to_id, made.target, made.state) == (receiver.staff_id, "potential", "open")
    assert made.evidence
    again = post(low, "refer", {"to": receiver.staff_id}, row.customer_id)
    assert again.status_code == 400
    assert "该客户已推荐,正在等待答复。" in again.content.decode()
    lines = sheet_of(client.get(reverse("referrals") + "?xlsx=1"))[1:]
    assert [line[1:4] for line in lines] == [[row.customer_id, low.name, receiver.name]]
    assert client.get(reverse("referrals")).context["made"] == 1
    assert refused(post(low, "referrals", {"act": "accept", "number": str(made.pk)}), NOT_YOURS)
    assert post(receiver, "referrals", {"act": "accept", "number": str(made.pk)}).status_code == 302
    assert Placement.objects.get().staff_id == receiver.staff_id
    assert refused(post(receiver, "referrals", {"act": "accept", "number": str(made.pk)}), SETTLED)


def test_a_referral_is_declined_with_a_reason_only(run, post):
    low = colleagues(run, "low_counter")[0]
    row = referable(run, low)
    post(low, "refer", {"to": "nobody"}, row.customer_id)  # whoever has fewest is the receiver
    made = Referral.objects.get()
    receiver = Staff.objects.get(pk=made.to_id)
    form = {"act": "decline", "number": str(made.pk)}
    assert refused(post(receiver, "referrals", form), "请写明理由。")
    assert post(receiver, "referrals", form | {"reason": "刚开户"}).status_code == 302
    made.refresh_from_db()
    assert (made.state, made.reason, made.open_key) == ("declined", "刚开户", None)
    assert not Placement.objects.exists()


@pytest.mark.parametrize("number", ["", "x", "0", "9" * 30])
def test_a_referral_that_does_not_exist_is_not_found(run, post, number):
    assert post(colleagues(run)[0], "referrals", {"act": "accept", "number": number}).status_code == 404


def test_who_is_out_of_reach_or_of_the_highest_grade_is_not_referred(run, post):
    low = colleagues(run, "low_counter")[0]
    assert post(low, "refer", {}, owned(run, colleagues(run)[0])[0].customer_id).status_code == 404
    highest = Standing.objects.listed_at(run).filter(grade_rank=len(run.rulebook.grades) - 1).first()
    boss = supervisor_of(highest.branch_id)
    assert post(boss, "refer", {}, highest.customer_id).status_code == 400
    assert not Referral.objects.exists()


def test_every_persons_customers_show_whether_they_can_be_referred(run, client):
    boss = supervisor_of("B001")
    client.force_login(boss)
    rows = Standing.objects.listed_at(run).filter(branch_id="B001")
    for rank in rows.order_by("grade_rank").values_list("grade_rank", flat=True).distinct():
        customer = rows.filter(grade_rank=rank).first().customer_id
        page = client.get(reverse("customer", args=[customer]), {"tab": "service"})
        assert page.status_code == 200


def test_a_referral_to_somebody_who_may_not_have_the_customer_is_refused(run, post):
    low = colleagues(run, "low_counter")[0]
    row = referable(run, low)
    with pytest.raises(decisions.DecisionRefused, match="receiver"):
        decisions.refer(Gate(low, run), row, low, 3, "x")
    assert not Referral.objects.exists()


# --- benefit ---


def test_a_benefit_is_used_undone_and_used_up_through_the_customers_page(run, post, client):
    staff = colleagues(run)[0]
    row = next(row for row in owned(run, staff) if row.grade_rank == 4)
    token, page = str(uuid4()), reverse("customer", args=[row.customer_id])
    for _again in range(2):  # the same post again is the same use
        assert post(staff, "benefit_use", {"benefit": "health_check", "token": token}, row.customer_id).url == page
    made = BenefitUse.objects.get()
    assert (made.staff_id, made.grade, made.nth) == (staff.staff_id, "valued", 1)
    again = post(staff, "benefit_use", {"benefit": "health_check", "token": str(uuid4())}, row.customer_id)
    assert again.status_code == 400
    assert "该权益已用完。" in again.content.decode()
    for number in ("x", "0", str(made.pk + 1), "9" * 30):
        assert post(staff, "benefit_use", {"undo": number}, row.customer_id).url == page
        assert not BenefitUse.objects.filter(undone=True).exists()
    assert post(staff, "benefit_use", {"undo": str(made.pk)}, row.customer_id).url == page
    made.refresh_from_db()
    assert made.undone
    form = {"benefit": "health_check", "token": str(uuid4())}
    assert post(staff, "benefit_use", form, row.customer_id).url == page
    client.force_login(supervisor_of(row.branch_id))
    lines = sheet_of(client.get(reverse("benefits") + "?xlsx=1"))[1:]
    assert sum(line[4] for line in lines) == 1
    assert client.get(reverse("benefits")).context["whole"]["times"] == 1
    assert client.get(reverse("benefits"), {"after": str(run.work_date)}).context["whole"]["times"] == 0


@pytest.mark.parametrize("token", ["", "none"])
def test_a_use_with_a_bad_token_is_refused(run, post, token):
    staff = colleagues(run)[0]
    row = next(row for row in owned(run, staff) if row.grade_rank == 4)
    assert post(staff, "benefit_use", {"benefit": "health_check", "token": token}, row.customer_id).status_code == 400
    assert not BenefitUse.objects.exists()


def test_a_benefit_that_is_not_the_grades_or_of_somebody_out_of_reach_is_refused(run, post):
    staff = colleagues(run)[0]
    row = next(row for row in owned(run, staff) if row.grade_rank == 3)
    for key in ("health_check", "nothing", ""):
        answer = post(staff, "benefit_use", {"benefit": key, "token": str(uuid4())}, row.customer_id)
        assert answer.status_code == 400
        assert "该权益已用完。" in answer.content.decode()
    form = {"benefit": "birthday_gift", "token": str(uuid4())}
    assert post(colleagues(run, "high_counter")[0], "benefit_use", form, row.customer_id).status_code == 404
    assert not BenefitUse.objects.exists()


def test_the_uses_of_two_numbers_of_a_person_count_together_even_beyond_the_quota(run):
    first, second = Standing.objects.listed_at(run).filter(grade_rank=4).order_by("customer_id")[:2]
    for row, times in ((first, 1), (second, 2)):
        for _time in range(times):
            use(row, "airport_lounge", run.rulebook, "a", run.work_date, uuid4())
    use(second, "health_check", run.rulebook, "a", run.work_date, uuid4())
    reassign_uses(BenefitUse.objects.filter(customer_id=second.customer_id), first.customer_id)
    uses = BenefitUse.objects.filter(customer_id=first.customer_id)
    assert sorted(uses.values_list("benefit", "nth")) == [
        ("airport_lounge", 1),
        ("airport_lounge", 2),
        ("airport_lounge", 3),
        ("health_check", 1),
    ]
