"""Acts of two people (双人复核): what one has begun another one settles, and nobody agrees to his or her own."""

from __future__ import annotations

from django.db.models import Q

from weihu.workplace.bank.models import Branch, Staff
from weihu.workplace.gate.reach import Gate


def others_who_decide(gate: Gate, branch_id: str, *concerned: str) -> list[Staff]:
    """Who may agree to an act about customers of a branch: posts that decide there, without those ``concerned``; the
    branch's own people first."""
    posts = gate.run.rulebook.posts
    bank = [key for key, post in posts.items() if post.reach == "bank"]
    branch = [key for key, post in posts.items() if post.reach == "branch"]
    may = Q(post__in=bank) | Q(post__in=branch, branch_id__in=branches_above(branch_id))
    people = Staff.objects.filter(may, is_active=True).exclude(staff_id__in=concerned)
    return sorted(people, key=lambda member: (member.branch_id != branch_id, member.staff_id))


def branches_above(branch_id: str) -> list[str]:
    """A branch and all branches above it."""
    parents = dict(Branch.objects.values_list("branch_id", "parent_id"))
    branches = [branch_id]
    while (parent := parents.get(branches[-1])) and parent not in branches:
        branches.append(parent)
    return branches
