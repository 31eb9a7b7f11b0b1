"""The responsibility card of a customer's page: grade, exceptions, offer of a referral."""

from __future__ import annotations

from typing import Any

from weihu.workplace.bank.models import Standing
from weihu.workplace.gate.agreeing import others_who_decide
from weihu.workplace.gate.requests import WorkRequest
from weihu.workplace.judge.grading.views import exceptions_of
from weihu.workplace.judge.portfolio.referrals import offer_of


def responsibility(request: WorkRequest, standing: Standing) -> dict[str, Any]:
    """The context of portfolio/card.html."""
    book, on = request.book, request.run.work_date
    return {
        "grade": list(book.grades.values())[standing.grade_rank],
        "higher": list(book.grades.items())[standing.grade_rank + 1 :],
        "exceptions": exceptions_of(standing.customer_id, on),
        "agreeing": others_who_decide(request.gate, standing.branch_id, request.user.staff_id)
        if request.gate.decides
        else [],
        "offer": offer_of(request, standing),
    }
