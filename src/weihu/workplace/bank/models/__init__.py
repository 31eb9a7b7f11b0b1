"""Runs and rule books, branches and staff, customers and accounts, standings, signals, tasks, figures."""

from weihu.workplace.bank.models.customers import Account, Authorised, Customer, Holding, Product, SearchKey
from weihu.workplace.bank.models.estimates import FoundSegment, NextProduct, Uplift, WalletEstimate
from weihu.workplace.bank.models.people import Branch, Staff
from weihu.workplace.bank.models.runs import (
    FOREVER,
    LISTED,
    REPLACED,
    Book,
    CurrentRun,
    Run,
    VersionedModel,
    VersionedQuerySet,
    rulebook_of,
    rulebooks_of,
)
from weihu.workplace.bank.models.standings import (
    Effect,
    Figure,
    GradeChange,
    Standing,
    Threshold,
    Unassigned,
    change_over,
)
from weihu.workplace.bank.models.work import Signal, Task

__all__ = [
    "FOREVER",
    "LISTED",
    "REPLACED",
    "Account",
    "Authorised",
    "Book",
    "Branch",
    "CurrentRun",
    "Customer",
    "Effect",
    "Figure",
    "FoundSegment",
    "GradeChange",
    "Holding",
    "NextProduct",
    "Product",
    "Run",
    "SearchKey",
    "Signal",
    "Staff",
    "Standing",
    "Task",
    "Threshold",
    "Unassigned",
    "Uplift",
    "VersionedModel",
    "VersionedQuerySet",
    "WalletEstimate",
    "change_over",
    "rulebook_of",
    "rulebooks_of",
]
