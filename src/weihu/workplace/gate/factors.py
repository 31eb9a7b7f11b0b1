"""The second factor of a sign-in (二次验证): an authenticator app (TOTP), passkeys (WebAuthn), recovery codes.

Who has one is asked for it after the password. Posts named by ``WEIHU_SECOND_FACTOR`` have to have one: ``decides`` for
all that decide, or keys of the rule book's posts, by comma. A wrong code counts as a wrong password does.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pyotp
from django.contrib.auth.backends import ModelBackend
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
)

from weihu.rules.sections.entry import Bilingual
from weihu.rules.sections.posts import Post
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Staff
from weihu.workplace.base import audit
from weihu.workplace.base.fields import seal
from weihu.workplace.gate import sessions
from weihu.workplace.gate.agreeing import others_who_decide
from weihu.workplace.gate.models import Factor, RecoveryCode
from weihu.workplace.gate.reach import Gate

DEMANDED = "WEIHU_SECOND_FACTOR"
DECIDES = "decides"
PROVEN = "second_factor"
"""In a session: its second factor was given."""
PENDING, CHALLENGE = "pending_sign_in", "passkey_challenge"
PENDING_SECONDS = 300
"""So long after the password the second factor may be given."""
FRESH = timedelta(minutes=15)
"""So long after the password second factors may be changed."""
STEP_SECONDS, STEPS_APART = 30, 1
"""The clock of an authenticator app, and by how many steps a telephone's may be wrong."""
CODES, CODE_LETTERS = 10, "23456789abcdefghjkmnpqrstuvwxyz"


def named() -> set[str]:
    """What the setting names."""
    return {part.strip() for part in os.environ.get(DEMANDED, "").split(",")} - {""}


def demanded_posts(posts: Mapping[str, Post]) -> set[str]:
    """The posts of a rule book that have to have a second factor."""
    return {key for key, post in posts.items() if key in named() or (post.decides and DECIDES in named())}


def is_demanded(staff: Staff) -> bool:
    """Whether somebody has to have one."""
    run = current() if named() else None
    return run is not None and staff.post in demanded_posts(run.rulebook.posts)


def of(staff_id: str) -> list[Factor]:
    """Somebody's second factors, oldest first."""
    return list(Factor.objects.filter(staff_id=staff_id, confirmed=True).order_by("added_at"))


def codes_left(staff_id: str) -> int:
    """How many recovery codes somebody has."""
    return RecoveryCode.objects.filter(staff_id=staff_id).count()


class SecondStep(ModelBackend):
    """Takes a code or a passkey's answer of somebody whose password was right."""

    def authenticate(  # type: ignore[override]
        self, request: HttpRequest, username: str = "", code: str = "", passkey: str = "", **_: Any
    ) -> Staff | None:
        """Who it is, if the second factor is right."""
        staff = Staff.objects.filter(staff_id=username, is_active=True).first()
        if staff is None or not (code or passkey):
            return None
        kind = _answered(request, username, passkey) if passkey else _coded(username, code)
        if kind:
            audit.record(username, "login.second", detail=kind)
        return staff if kind else None


def begin(request: HttpRequest, staff: Staff, then: str) -> HttpResponse:
    """The password was right: on to the second step, and then to a page."""
    request.session[PENDING] = {"staff": staff.staff_id, "at": time.time(), "then": then}
    return redirect("second_step")


def pending(request: HttpRequest) -> dict[str, Any]:
    """Whose second step is due in this session (``staff``) and the page that comes ``then``; empty if nobody's is."""
    kept: dict[str, Any] = request.session.get(PENDING, {})
    return kept if kept and time.time() - kept["at"] < PENDING_SECONDS else {}


def enrolled(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: who has to have a second factor and gave none in this session comes no further than to its page."""

    def respond(request: HttpRequest) -> HttpResponse:
        user = request.user
        if user.is_authenticated and not request.session.get(PROVEN) and is_demanded(user):
            allowed = {reverse(name) for name in ("factors", "logout", "session", "set_language")}
            if request.path not in allowed:
                return redirect("factors")
        return get_response(request)

    return respond


def begin_app(staff: Staff) -> Factor:
    """A new authenticator app, which counts once a code of it was given."""
    Factor.objects.filter(staff_id=staff.staff_id, confirmed=False).delete()
    return Factor.objects.create(
        token=uuid4(),
        staff_id=staff.staff_id,
        kind=Factor.Kind.APP,
        label=str(timezone.localdate()),
        secret=pyotp.random_base32(),
        added_at=timezone.now(),
    )


def unconfirmed(staff_id: str) -> Factor | None:
    """The app that somebody is adding."""
    return Factor.objects.filter(staff_id=staff_id, confirmed=False).first()


def app_address(factor: Factor, staff: Staff) -> str:
    """What the app reads from the picture."""
    return pyotp.TOTP(factor.secret).provisioning_uri(name=staff.staff_id, issuer_name="Weihu")


def confirm_app(request: HttpRequest, factor: Factor, code: str) -> list[str] | None:
    """Have the app count if its code is right. The recovery codes that are new; None if it is wrong."""
    with transaction.atomic():
        if not _app_takes(factor, _plain(code)):
            return None
        return _added(request, factor)


def passkey_wanted(request: HttpRequest, staff: Staff) -> str:
    """What a browser needs to make a passkey, as JSON; the challenge is kept in the session."""
    handle = seal().token(staff.staff_id, "passkey").encode()
    user = PublicKeyCredentialUserEntity(id=handle, name=staff.staff_id, display_name=staff.name)
    options, state = _server(request).register_begin(user, _passkeys(staff.staff_id), user_verification=None)
    request.session[CHALLENGE] = state
    return json.dumps(dict(options)["publicKey"])


def add_passkey(request: HttpRequest, staff: Staff, answer: str, label: str) -> list[str] | None:
    """Have the passkey that a browser made count. The recovery codes that are new; None if it is not as asked for."""
    try:
        data = _server(request).register_complete(request.session.pop(CHALLENGE, None), json.loads(answer))
    except (ValueError, KeyError, TypeError):
        return None
    with transaction.atomic():
        factor = Factor(
            token=uuid4(),
            staff_id=staff.staff_id,
            kind=Factor.Kind.PASSKEY,
            label=label.strip()[:40] or str(timezone.localdate()),
            secret=websafe_encode(bytes(data.credential_data or b"")),
            counter=data.counter,
            added_at=timezone.now(),
        )
        return _added(request, factor)


def passkey_asked(request: HttpRequest, staff_id: str) -> str:
    """What a browser needs to answer with one of somebody's passkeys, as JSON; empty where there is none."""
    known = _passkeys(staff_id)
    if not known:
        return ""
    options, request.session[CHALLENGE] = _server(request).authenticate_begin(known)
    return json.dumps(dict(options)["publicKey"])


def remove(request: HttpRequest, staff: Staff, token: str) -> bool:
    """Take one of somebody's factors away, unless it is the last one of a post that has to have one."""
    with transaction.atomic():
        known = list(Factor.objects.select_for_update().filter(staff_id=staff.staff_id, confirmed=True))
        gone = [factor for factor in known if str(factor.token) == token]
        if not gone or (len(known) == 1 and is_demanded(staff)):
            return False
        gone[0].delete()
        if len(known) == 1:
            RecoveryCode.objects.filter(staff_id=staff.staff_id).delete()
        audit.record(staff.staff_id, "factor.remove", detail=gone[0].kind)
        return True


def new_codes(staff_id: str) -> list[str]:
    """New recovery codes, which are shown once; earlier ones no longer work."""
    codes = ["".join(secrets.choice(CODE_LETTERS) for _ in range(10)) for _ in range(CODES)]
    with transaction.atomic():
        RecoveryCode.objects.filter(staff_id=staff_id).delete()
        RecoveryCode.objects.bulk_create(RecoveryCode(staff_id=staff_id, code_index=_index(code)) for code in codes)
        audit.record(staff_id, "factor.codes", detail=str(CODES))
    return [f"{code[:5]}-{code[5:]}" for code in codes]


class NotAgreed(Bilingual):
    """Nobody else who decides has agreed that somebody's second factors go."""


def reset(staff_id: str, by: str, agreed: str, said: str) -> int:
    """Take all of somebody's second factors away, and end every sign-in; how many there were.

    IT does not do it alone: ``agreed`` is another person whose post decides for the branch, and ``said`` a code of that
    person's, or the password of who has no second factor. Raises NotAgreed.
    """
    if not _agrees(staff_id, agreed, said):
        audit.record(by, "factor.refused", detail=f"{staff_id} {agreed}")
        raise NotAgreed(
            f"{agreed}:须为本人以外、对该机构有决定权的人,并输入其验证码(未设二次验证者输入密码)",
            f"{agreed}: has to be another person whose post decides for the branch, with a code (or the password of who "
            "has no second factor)",
        )
    with transaction.atomic():
        _, gone = Factor.objects.filter(staff_id=staff_id).delete()
        RecoveryCode.objects.filter(staff_id=staff_id).delete()
        sessions.end_all(staff_id)
        audit.record(by, "factor.reset", detail=f"{staff_id} {agreed}")
    return sum(gone.values())


def _agrees(staff_id: str, agreed: str, said: str) -> bool:
    staff, run = Staff.objects.filter(staff_id=staff_id).first(), current()
    if staff is None or run is None:
        return False
    people = others_who_decide(Gate(staff, run), staff.branch_id, staff_id)
    other = next((member for member in people if member.staff_id == agreed), None)
    if other is None or not run.rulebook.posts[other.post].decides:
        return False
    return bool(_coded(agreed, said)) if of(agreed) else other.check_password(said)


def is_fresh(request: HttpRequest, staff: Staff) -> bool:
    """Whether the sign-in is young enough to change second factors."""
    row = sessions.listed(staff).filter(number=sessions.number_of(request)).first()
    return row is not None and timezone.now() - row.at < FRESH


def _added(request: HttpRequest, factor: Factor) -> list[str]:
    """A factor counts from now on, and this session has given it; sessions from before are over."""
    is_first = not of(factor.staff_id)
    factor.confirmed = True
    factor.save()
    request.session[PROVEN] = True
    sessions.end_all(factor.staff_id, but=sessions.number_of(request))
    audit.record(factor.staff_id, "factor.add", detail=factor.kind)
    return new_codes(factor.staff_id) if is_first else []


def _coded(staff_id: str, code: str) -> str:
    """What a code was of: the app, or a recovery code, which is used up; empty if of nothing."""
    code = _plain(code)
    if code.isdecimal():
        apps = [factor for factor in of(staff_id) if factor.kind == Factor.Kind.APP]
        return "app" if any(_app_takes(factor, code) for factor in apps) else ""
    used, _ = RecoveryCode.objects.filter(staff_id=staff_id, code_index=_index(code)).delete()
    return "recovery code" if used else ""


def _plain(code: str) -> str:
    """A code as it was typed, without what separates its groups."""
    return "".join(letter for letter in code.lower() if letter.isascii() and letter.isalnum())[:20]


def _app_takes(factor: Factor, code: str) -> bool:
    """Whether a code is the app's of now and was not given before. Of two who give it at once one is taken."""
    now, app = int(time.time()) // STEP_SECONDS, pyotp.TOTP(factor.secret)
    for step in range(now - STEPS_APART, now + STEPS_APART + 1):
        if secrets.compare_digest(app.generate_otp(step), code):
            rows = Factor.objects.filter(pk=factor.pk, counter__lt=step)
            if rows.update(counter=step, used_at=timezone.now()):
                factor.counter = step
                return True
    return False


def _answered(request: HttpRequest, staff_id: str, answer: str) -> str:
    """``passkey`` if a browser's answer is of one of somebody's passkeys to the question of this session."""
    rows = {_credential(factor).credential_id: factor for factor in of(staff_id) if factor.kind == Factor.Kind.PASSKEY}
    try:
        said = AuthenticationResponse.from_dict(json.loads(answer))
        known = [_credential(factor) for factor in rows.values()]
        used = _server(request).authenticate_complete(request.session.pop(CHALLENGE, None), known, said)
    except (ValueError, KeyError, TypeError):
        return ""
    factor, count = rows[used.credential_id], said.response.authenticator_data.counter
    if 0 < count <= factor.counter or (count == 0 and factor.counter):
        return ""  # an older count is a copy's
    Factor.objects.filter(pk=factor.pk).update(counter=count, used_at=timezone.now())
    return "passkey"


def _passkeys(staff_id: str) -> list[AttestedCredentialData]:
    return [_credential(factor) for factor in of(staff_id) if factor.kind == Factor.Kind.PASSKEY]


def _credential(factor: Factor) -> AttestedCredentialData:
    return AttestedCredentialData(websafe_decode(factor.secret))


def _server(request: HttpRequest) -> Fido2Server:
    """The workplace as browsers know it: passkeys are of the host that people open, and of no other origin."""
    origin = f"{request.scheme}://{request.get_host()}"
    host = request.get_host().rsplit(":", 1)[0]
    return Fido2Server(PublicKeyCredentialRpEntity(id=host, name="Weihu"), verify_origin=lambda said: said == origin)


def _index(code: str) -> str:
    return seal().token(code, "recovery")
