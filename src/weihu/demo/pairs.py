"""What waits for a second person in the demo, so that both can be tried: who began it, and who may decide it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.urls import reverse

from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.campaigns.models import Campaign
from weihu.workplace.act.messaging.models import Template
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Run, Staff, Standing
from weihu.workplace.gate.agreeing import others_who_decide
from weihu.workplace.gate.models import Absence, Handover, Referral
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.grading.books import may_approve
from weihu.workplace.judge.grading.models import BookDraft, GradeException
from weihu.workplace.judge.portfolio.decisions import concerned_by


@dataclass(frozen=True)
class Pair:
    """An act of two people that waits for the second: its name, its page, and the numbers of both."""

    zh: str
    en: str
    page: str
    first: str
    second: str


def waiting() -> list[Pair]:
    """One of each kind of act that waits, where there is somebody who may decide it."""
    run = current()
    return [pair for find in FOUND for pair in find(run, run.rulebook)] if run else []


def _referral(run: Run, book: RuleBook) -> Iterator[Pair]:
    row = Referral.objects.filter(state=Referral.State.OPEN).order_by("pk").first()
    if row:
        yield Pair(
            "推荐:推荐人 → 接收人", "referral: who refers, who receives", reverse("referrals"), row.from_id, row.to_id
        )


def _handover(run: Run, book: RuleBook) -> Iterator[Pair]:
    """The receiver accepts, then a supervisor who is neither giver nor receiver approves."""
    row = Handover.objects.filter(state=Handover.State.PROPOSED).order_by("pk").first()
    if row is None:
        return
    page = reverse("handover", args=[row.pk])
    yield Pair("移交:提出人 → 接收人", "hand-over: who proposes, who receives", page, row.proposed_by, row.to_id)

    def supervises(member: Staff) -> bool:
        gate = Gate(member, run)
        return gate.decides and row.branch_id in gate.branches and member.staff_id not in concerned_by(row)

    if approver := _first(book, supervises):
        yield Pair("移交:接收人 → 主管", "hand-over: who receives, who approves", page, row.to_id, approver)


def _rule_book(run: Run, book: RuleBook) -> Iterator[Pair]:
    row = BookDraft.objects.filter(state=BookDraft.State.SUBMITTED).order_by("pk").first()
    approver = row and _first(book, lambda member: may_approve(Gate(member, run)) and member.staff_id != row.made_by)
    if row and approver:
        page = reverse("book_draft", args=[row.pk])
        yield Pair("制度修改:拟定 → 批准", "rule book: who drafts, who approves", page, row.made_by, approver)


def _text(run: Run, book: RuleBook) -> Iterator[Pair]:
    row = Template.objects.filter(state=Template.State.SUBMITTED).order_by("pk").first()
    approver = row and _first(book, lambda member: Gate(member, run).decides and member.staff_id != row.made_by)
    if row and approver:
        yield Pair(
            "消息模板:拟稿 → 审批",
            "message text: who drafts, who approves",
            reverse("templates"),
            row.made_by,
            approver,
        )


def _exception(run: Run, book: RuleBook) -> Iterator[Pair]:
    row = GradeException.objects.filter(agreed_by="", ended_on__isnull=True).order_by("pk").first()
    standing = row and Standing.objects.listed_at(run).filter(customer_id=row.customer_id).first()
    if row and standing and (second := _second(run, row.granted_by, standing.branch_id)):
        page = f"{reverse('customer', args=[row.customer_id])}?tab=service"
        yield Pair("等级例外:提出 → 同意", "exception: who proposes, who agrees", page, row.granted_by, second)


def _campaign(run: Run, book: RuleBook) -> Iterator[Pair]:
    row = Campaign.objects.filter(state=Campaign.State.DRAFT).order_by("pk").first()
    if row and (second := _second(run, row.made_by, row.branch_id)):
        page = reverse("campaign", args=[row.pk])
        yield Pair("活动:策划 → 启动", "campaign: who prepares, who starts", page, row.made_by, second)


def _cover(run: Run, book: RuleBook) -> Iterator[Pair]:
    row = Absence.objects.filter(agreed_by="", withdrawn=False).exclude(cover_id="").order_by("pk").first()
    away = Staff.objects.get(staff_id=row.staff_id) if row else None
    if row and away and (second := _second(run, row.entered_by, away.branch_id, row.staff_id, row.cover_id)):
        page = reverse("staff_table")
        yield Pair("缺勤顶岗:登记 → 同意", "cover: who enters, who agrees", page, row.entered_by, second)


def _second(run: Run, first: str, branch_id: str, *concerned: str) -> str | None:
    gate = Gate(Staff.objects.get(staff_id=first), run)
    return next((member.staff_id for member in others_who_decide(gate, branch_id, first, *concerned)), None)


def _first(book: RuleBook, may: Callable[[Staff], bool]) -> str | None:
    """The first member of staff by post, from the lowest, and by number who may do something."""
    for post in book.posts:
        for member in Staff.objects.filter(is_active=True, post=post).order_by("staff_id"):
            if may(member):
                return str(member.staff_id)
    return None


FOUND: tuple[Callable[[Run, RuleBook], Iterator[Pair]], ...] = (
    _referral,
    _handover,
    _rule_book,
    _text,
    _exception,
    _campaign,
    _cover,
)
