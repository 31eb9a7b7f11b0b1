"""Every entry of the navigation, in its order. The rail, the telephone's bar and the search read this table alone.

The right of an entry is a property of the reader's post in the rule book, so a bank's own posts find their way too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from weihu.rules.sections.posts import Post

Right = Callable[[Post], bool]


def has_list(post: Post) -> bool:
    """A list of the day is planned for it."""
    return post.minutes_per_day > 0


def receives(post: Post) -> bool:
    """It serves whoever comes to the counter."""
    return post.receives


def reaches(post: Post) -> bool:
    """It sees customers."""
    return post.reach != "none"


def answers(post: Post) -> bool:
    """It sees customers and is not at the counter."""
    return reaches(post) and not post.receives


def decides(post: Post) -> bool:
    """It sees more than its own customers."""
    return post.decides


def sees_runs(post: Post) -> bool:
    """It reads the reports of the nights."""
    return post.sees_runs


def reads_audit(post: Post) -> bool:
    """It reads the audit log."""
    return post.reads_audit


@dataclass(frozen=True)
class Entry:
    """A page that a post opens directly. ``page``: its name in ``urls.py``, with ``args``; ``below``: the names of the
    pages that belong to it; ``waits``: the count beside it (``waiting.COUNTS``); ``thumb``: its name in the
    telephone's bar, where it stands while there is room."""

    key: str
    page: str
    name: Promise
    icon: str
    right: Right
    args: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    waits: str = ""
    thumb: Promise | str = ""

    @property
    def address(self) -> str:
        """Where it leads."""
        return reverse(self.page, args=self.args)


@dataclass(frozen=True)
class Group:
    """Entries that belong together; the rail unfolds them."""

    key: str
    name: Promise
    icon: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Act:
    """Something to do, found by the search. ``of_customer``: with the customer of the page or the first one found."""

    page: str
    name: Promise
    icon: str
    right: Right
    of_customer: bool = False
    place: str = ""

    def address(self, *args: str) -> str:
        """Where it is done."""
        return reverse(self.page, args=args) + self.place


TODAY = Entry(
    "today", "today", _("Today"), "checklist", has_list, below=("task", "record", "take_back"), thumb=_("Today")
)
RECEPTION = Entry(
    "reception",
    "reception",
    _("Reception"),
    "bell-ringing",
    receives,
    below=("service_card", "card_facts", "card_act"),
    thumb=_("Reception"),
)
MY_REFERRALS = Entry(
    "my_referrals",
    "referrals",
    _("My referrals"),
    "arrow-up-circle",
    receives,
    waits="referrals",
    thumb=_("My referrals"),
)
CUSTOMERS = Entry("customers", "customers", _("Customers"), "users", reaches, below=("bulk",), thumb=_("Customers"))
SCHEDULE = Group(
    "schedule",
    _("Schedule"),
    "calendar",
    (
        Entry("occasions", "occasions", _("Birthdays and visits"), "calendar-heart", reaches, thumb=_("Schedule")),
        Entry("maturing", "fixed_list", _("Maturities"), "calendar-dollar", reaches, args=("maturing",)),
    ),
)
SEGMENTS = Entry(
    "segments",
    "segments",
    _("Segments"),
    "chart-pie",
    answers,
    below=("segment", "segment_build", "segment_save", "found_segments"),
)
QUESTIONS = Entry(
    "questions",
    "questions",
    _("Free questions"),
    "table-options",
    decides,
    below=("question", "question_build", "question_save", "question_sheet", "question_customers"),
)
LISTS = Entry("lists", "lists", _("Lists"), "list-details", reaches, below=("fixed_list",), thumb=_("Lists"))
TEAM = Entry(
    "team",
    "board",
    _("Team"),
    "users-group",
    reaches,
    below=("morning", "evening", "work_log", "revealed"),
    thumb=_("Team"),
)
COCKPIT = Entry("cockpit", "cockpit", _("Cockpit"), "gauge", reaches, below=("effects",), thumb=_("Cockpit"))
SERVICE = Group(
    "service",
    _("Service"),
    "heart-handshake",
    (
        Entry(
            "complaints",
            "complaints",
            _("Complaints"),
            "message-exclamation",
            reaches,
            below=("complaint", "new_complaint"),
            waits="complaints",
        ),
        Entry("referrals", "referrals", _("Referrals"), "arrow-up-circle", answers, waits="referrals"),
        Entry("memos", "memos", _("Memos"), "message-2", reaches, waits="memos"),
        Entry("introductions", "introductions", _("Introductions"), "user-plus", reaches),
        Entry("benefits", "benefits", _("Benefits"), "gift", decides),
    ),
)
ADMINISTRATION = Group(
    "administration",
    _("Administration"),
    "adjustments",
    (
        Entry(
            "grading",
            "distribution",
            _("Grading"),
            "stairs",
            reaches,
            below=("migration", "near", "whatif", "book_drafts", "book_draft"),
            waits="books",
        ),
        Entry(
            "portfolios",
            "portfolios",
            _("Portfolios"),
            "briefcase",
            reaches,
            below=("claims", "staff_table", "days_table"),
            waits="claims",
        ),
        Entry(
            "handovers", "handovers", _("Hand-over"), "arrows-exchange", reaches, below=("handover",), waits="handovers"
        ),
        Entry(
            "archive",
            "completeness",
            _("Archive"),
            "clipboard-list",
            reaches,
            below=("households", "duplicates", "duplicate"),
        ),
        Entry("campaigns", "campaigns", _("Campaigns"), "speakerphone", decides, below=("campaign",)),
        Entry("forms", "invitations", _("Forms"), "forms", reaches, below=("invitation", "reply_settle")),
        Entry("imports", "imports", _("Import"), "table-import", reaches, below=("import", "import_step")),
        Entry("templates", "templates", _("Message texts"), "message", reaches, waits="templates"),
        Entry("models", "models", _("Models"), "chart-dots", decides),
        Entry("runs", "runs", _("Runs"), "moon-stars", sees_runs, below=("run",)),
        Entry("audit", "audit", _("Audit log"), "list-search", reads_audit, below=("audit_verified",)),
    ),
)
DESK: tuple[Entry | Group, ...] = (
    TODAY,
    CUSTOMERS,
    SEGMENTS,
    QUESTIONS,
    SCHEDULE,
    LISTS,
    TEAM,
    COCKPIT,
    SERVICE,
    ADMINISTRATION,
)
"""The table of who looks after customers and of who manages."""
COUNTER: tuple[Entry | Group, ...] = (
    TODAY,
    RECEPTION,
    MY_REFERRALS,
    Group("customers", _("Customers"), "users", (CUSTOMERS, *SCHEDULE.entries, LISTS)),
    SERVICE,
    Group("administration", _("Administration"), "adjustments", (TEAM, COCKPIT, *ADMINISTRATION.entries)),
)
"""The table of the counter: its three pages stand alone, the others in groups."""
IN_BAR = 4
"""So many entries the telephone's bar has beside the search and the menu."""
ACTS = (
    Act("customer", _("Record a contact"), "phone-check", reaches, of_customer=True, place="#id_note"),
    Act("facts", _("Fill in the archive"), "pencil", reaches, of_customer=True),
    Act("new_complaint", _("Open a complaint"), "message-exclamation", reaches, of_customer=True),
    Act(
        "customer", _("Refer upward"), "arrow-up-circle", reaches, of_customer=True, place="?tab=service#responsibility"
    ),
    Act("customer", _("Agree a visit"), "calendar-plus", reaches, of_customer=True, place="#agree-visit"),
    Act("relations", _("Add a relation"), "users-plus", reaches, of_customer=True),
    Act("reception", _("Receive a customer"), "bell-ringing", receives),
    Act("imports", _("Import a workbook"), "table-import", reaches),
    Act("invitations", _("Make a form"), "forms", reaches),
    Act("handovers", _("Hand customers over"), "arrows-exchange", reaches),
    Act("claims", _("Claim a customer"), "hand-grab", reaches),
    Act("campaigns", _("Prepare a campaign"), "speakerphone", decides),
    Act("portfolios", _("Enter an absence"), "beach", decides),
    Act("work_log", _("Write the work log"), "notebook", reaches),
    Act("morning", _("Print the morning sheet"), "printer", reaches),
)


def table_of(post: Post | None) -> list[Entry | Group]:
    """What a post may open; a group of which one entry is left is that entry."""
    if post is None:
        return []
    rows: list[Entry | Group] = []
    for row in COUNTER if post.receives else DESK:
        if isinstance(row, Group):
            entries = tuple(entry for entry in row.entries if entry.right(post))
            if len(entries) > 1:
                rows.append(Group(row.key, row.name, row.icon, entries))
            else:
                rows.extend(entries)
        elif row.right(post):
            rows.append(row)
    return rows


def entries_of(post: Post | None) -> Iterator[Entry]:
    """The entries of a post, without their groups."""
    for row in table_of(post):
        yield from row.entries if isinstance(row, Group) else (row,)


def bar_of(post: Post | None) -> list[Entry]:
    """The entries of a post in the telephone's bar."""
    entries = list(entries_of(post))
    thumbs = [entry for entry in entries if entry.thumb] or entries
    return thumbs[:IN_BAR]


def current(post: Post | None, page: str, args: Mapping[str, object]) -> Entry | None:
    """The entry that a page of ``urls.py`` with its arguments belongs to; of a customer's pages, that of the customers."""
    entries = list(entries_of(post))
    exact = [entry for entry in entries if entry.page == page and entry.args == tuple(args.values())]
    belonging = [entry for entry in entries if page in entry.below or (page == entry.page and not entry.args)]
    of_customer = [entry for entry in entries if entry.key == "customers" and "customer_id" in args]
    return next(iter([*exact, *belonging, *of_customer]), None)
