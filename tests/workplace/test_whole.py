"""Whole numbers from outside: no text of digits, however long, stops a page."""

from urllib.parse import urlencode

import pytest
from django.urls import reverse

from weihu.workplace.base.whole import DIGITS, whole
from weihu.workplace.gate.reach import Gate

LONG = ["9" * 4_301, "9" * (DIGITS + 1), "٣" * 4_301]


def test_a_number_is_read_and_what_is_none_is_none():
    assert [whole(text) for text in ("0", "017", "٣", "9" * DIGITS)] == [0, 17, 3, int("9" * DIGITS)]
    assert [whole(text) for text in ("", "-1", "1.5", "²", " 1", *LONG)] == [None] * 8


@pytest.mark.parametrize("long", LONG)
def test_no_address_and_no_form_with_a_long_number_is_an_error_of_ours(long, signed_in, member, run):
    client = signed_in("rm_supervisor")
    asked = dict.fromkeys(("page", "grade", "days", "start", "after", "number", "least"), long)
    for address in ("today", "customers", "lists", "segments", "memos", "work_log", "completeness", "board"):
        assert client.get(f"{reverse(address)}?{urlencode(asked)}").status_code < 500, address
    assert client.get(f"{reverse('fixed_list', args=['money'])}?{urlencode(asked)}").status_code == 200
    reached = Gate(member("rm_supervisor"), run).standings().first()
    assert client.get(reverse("timeline", args=[reached.customer_id]), {"start": long}).status_code == 200
    posted = {"number": long, "minutes": long, "text": "x", "add": long, "remove": f"{long}.{long}", "forget": long}
    for address in ("memos", "work_log", "segment_build"):
        assert client.post(reverse(address), posted).status_code < 500, address
