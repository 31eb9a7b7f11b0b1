"""What the workplace notes becomes a reason of the next night."""

from datetime import timedelta
from uuid import uuid4

from weihu.nightly.noted import noted
from weihu.workplace.bank.models import Standing
from weihu.workplace.base.channels import Channel
from weihu.workplace.know.archive.facts import FactContent, record_fact, withdraw_fact
from weihu.workplace.know.archive.models import Confidence
from weihu.workplace.know.complaints.cases import ask, close, open_case


def kinds(rows, customer):
    return {row["kind"]: row for row in rows if row["customer_id"] == customer}


def test_a_complaint_is_a_reason_until_the_customer_was_asked_and_happy(run):
    customer = Standing.objects.at(run).first().customer_id
    on, book = run.business_date, run.rulebook
    case = open_case(customer, {"origin": "phone", "subject": "排队太久"}, "a", on, book, uuid4())
    result = kinds(noted(on, book, run, on + timedelta(days=1)), customer)
    assert result["complaint_due"]["on_date"] == case.due_on
    close(case, "已致歉", "a", on)
    later = on + timedelta(days=book.complaints.ask_after_days)
    result = kinds(noted(later, book, run, later + timedelta(days=1)), customer)
    assert set(result) == {"complaint_ask"}
    ask(case, 2, "", "b", later)
    assert set(kinds(noted(later, book, run, later + timedelta(days=1)), customer)) == {"unhappy"}
    assert not kinds(noted(later + timedelta(days=2), book, run, later + timedelta(days=3)), customer)


def test_an_occasion_of_the_archive_is_noted_without_any_name(run):
    standing = Standing.objects.at(run).filter(grade_rank__gte=run.rulebook.rank("potential")).first()
    day = run.work_date + timedelta(days=3)
    married = day.replace(year=day.year - 10).isoformat()
    record_fact(
        standing.customer_id,
        FactContent("wedding_day", married, Channel.SERVICE, Confidence.TOLD),
        [],
        "a",
        run.work_date,
        uuid4(),
    )
    result = kinds(noted(run.business_date, run.rulebook, run, run.work_date), standing.customer_id)
    assert result["life_occasion"]["on_date"] == day
    assert result["life_occasion"]["detail"] == "wedding_day"


def test_who_is_not_satisfied_is_followed_up_the_next_day(run):
    """A survey's answer of 2 of 5 is a reason; a 4 is none, and neither is one that was withdrawn."""
    on = run.business_date
    for customer, answer in (("a", "2"), ("b", "4"), ("c", "1")):
        written = FactContent("satisfaction", answer, Channel.SURVEY, Confidence.TOLD)
        fact = record_fact(customer, written, [], "x", on, uuid4())
        if customer == "c":
            withdraw_fact(fact, "x", on)
    rows = [row for row in noted(on, run.rulebook, None, on + timedelta(days=1)) if row["kind"] == "unhappy"]
    assert [(row["customer_id"], row["on_date"]) for row in rows] == [("a", on)]
    assert not [
        row
        for row in noted(on + timedelta(days=3), run.rulebook, None, on + timedelta(days=4))
        if row["kind"] == "unhappy"
    ]
