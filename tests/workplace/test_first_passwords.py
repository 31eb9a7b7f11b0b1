"""A password that IT sets holds for a week, and whoever signs in by it chooses another one before anything else."""

from datetime import timedelta

import pytest
from click.testing import CliRunner
from django.conf import settings
from django.contrib.auth import get_user
from django.urls import reverse
from django.utils import timezone

from weihu import cli
from weihu.workplace.gate.models import FirstPassword

FIRST, OWN = "鱼-and-bicycle-7", "窗外-seven-梧桐-trees"


@pytest.fixture
def staff(member, run):
    somebody = member("relationship_manager")
    given = CliRunner().invoke(
        cli.main, ["--home", str(settings.HOME.root), "login", "set", somebody.pk, "--password", FIRST]
    )
    assert given.exit_code == 0, given.output
    return somebody


def sign_in(client, staff, password):
    return client.post(reverse("login"), {"username": staff.pk, "password": password})


def test_who_comes_by_a_first_password_chooses_another_before_anything_else(client, staff):
    assert sign_in(client, staff, FIRST).status_code == 302
    for page in ("today", "customers", "factors"):
        assert client.get(reverse(page)).url == reverse("password")
    assert "data-first" in client.get(reverse("password")).content.decode()
    same = {"old_password": FIRST, "new_password1": "1234567890", "new_password2": "1234567890"}
    assert client.post(reverse("password"), same).status_code == 200
    assert client.get(reverse("today")).url == reverse("password")
    own = {"old_password": FIRST, "new_password1": OWN, "new_password2": OWN}
    assert client.post(reverse("password"), own).status_code == 302
    assert client.get(reverse("today")).status_code == 200
    assert "data-first" not in client.get(reverse("password")).content.decode()
    client.post(reverse("logout"))
    sign_in(client, staff, OWN)
    assert client.get(reverse("today")).status_code == 200


@pytest.mark.parametrize(("days", "may"), [(6, True), (8, False)])
@pytest.mark.parametrize("way", ["login", "session"])
def test_a_first_password_lets_nobody_in_after_a_week(client, staff, days, may, way):
    FirstPassword.objects.update(at=timezone.now() - timedelta(days=days))
    client.post(reverse(way), {"username": staff.pk, "password": FIRST})
    assert get_user(client).is_authenticated is may


def test_it_can_sign_out_and_change_the_language(client, staff):
    sign_in(client, staff, FIRST)
    assert client.post(reverse("set_language"), {"language": "en"}).status_code in (204, 302)
    assert "choose your own" in client.get(reverse("password")).content.decode()
    client.post(reverse("logout"))
    assert not get_user(client).is_authenticated
