"""What is refused or fails is said in our words; what is sent twice is done once; toasts; the log."""

import json
import logging
import sys
import uuid

import pytest
from django.contrib.auth.decorators import login_not_required
from django.contrib.messages import get_messages
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError, connection, transaction
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.test import Client, RequestFactory, override_settings
from django.urls import path, reverse
from django.utils import timezone

from weihu.workplace import urls
from weihu.workplace.base import once, toasts
from weihu.workplace.base.audit import record
from weihu.workplace.base.logs import LogFile, Masked, mask, settings_for
from weihu.workplace.base.models import Entry, Sending
from weihu.workplace.base.session import share
from weihu.workplace.know.complaints.models import Complaint

handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
RAISED = {
    "refused": PermissionDenied(),
    "odd": SuspiciousOperation("?"),
    "large": RequestDataTooBig("?"),
    "missing": Http404(),
    "broken": ValueError("张三 13812345678"),
}


@login_not_required
def fault(request, name):
    """Notes something, then raises."""
    record("nobody", "test", detail=name)
    raise RAISED[name]


@login_not_required
def sentence(request):
    return HttpResponseBadRequest("利率要大于零")


@transaction.non_atomic_requests
@login_not_required
def outside(request):
    """What waits for another system, in no transaction."""
    record("nobody", "outside")
    return HttpResponse("sent") if request.POST.get("good") else HttpResponseBadRequest()


@login_not_required
def signing(request):
    """Does something, and notes in the session that it did."""
    record("nobody", "signing")
    request.session["done"] = uuid.uuid4().hex
    return HttpResponse("done")


urlpatterns = [
    *urls.urlpatterns,
    path("signing/", signing),
    path("fault/<name>/", fault),
    path("sentence/", sentence),
    path("outside/", outside),
]
HERE = override_settings(ROOT_URLCONF=__name__)


@pytest.fixture
def browser_less(db):
    client = Client(raise_request_exception=False)
    with HERE:
        yield client


@pytest.mark.parametrize(
    ("name", "status"), [("refused", 403), ("odd", 400), ("large", 413), ("missing", 404), ("broken", 500)]
)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_failure_is_a_page_in_the_readers_language_with_a_number(browser_less, name, status, language):
    answer = browser_less.get(f"/fault/{name}/", headers={"accept-language": language})
    page = answer.content.decode()
    assert answer.status_code == status
    assert f'lang="{language}"' in page
    assert answer.headers["X-Request-ID"] in page
    assert "13812345678" not in page and "Traceback" not in page


def test_an_act_that_was_kept_is_told_so_where_only_the_session_could_not_be(browser_less):
    """What is not true of it is that it was not saved; of what only looked, nothing was to be saved."""
    assert browser_less.post("/signing/").status_code == 200

    def full(execute, statement, *rest):
        if "django_session" in statement and not statement.startswith("SELECT"):
            raise OperationalError("database or disk is full")
        return execute(statement, *rest)

    with connection.execute_wrapper(full):
        posted, looked = browser_less.post("/signing/"), browser_less.get("/signing/")
    assert (posted.status_code, looked.status_code) == (503, 503)
    assert Entry.objects.filter(action="signing").count() == 3
    assert "本次操作已经保存" in posted.content.decode()
    assert "没有保存。请一分钟后再试" not in posted.content.decode()


@pytest.mark.parametrize(("name", "status"), [("missing", 404), ("broken", 500)])
@pytest.mark.parametrize("head", ["HX-Request", "X-Weihu"])
def test_a_script_gets_a_sentence(browser_less, name, status, head):
    answer = browser_less.get(f"/fault/{name}/", headers={head: "true"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/plain; charset=utf-8")
    assert "<" not in answer.content.decode()
    assert (answer.headers["X-Request-ID"] in answer.content.decode()) == (status == 500)


def test_a_system_gets_json(browser_less):
    answer = browser_less.get("/api/v1/nothing/of/this/kind/")
    assert (answer.status_code, list(answer.json())) == (404, ["detail"])


def test_a_views_own_sentence_stands_on_the_page(browser_less):
    assert "利率要大于零" in browser_less.get("/sentence/").content.decode()
    answer = browser_less.get("/sentence/", headers={"HX-Request": "true"})
    assert answer.content.decode() == "利率要大于零"


def test_a_method_that_is_not_for_the_page_says_so_and_which_is(signed_in):
    answer = signed_in("relationship_manager").post(reverse("complaints"))
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET"
    assert "<h1" in answer.content.decode()


def test_a_failure_stands_in_the_log_with_its_number_and_without_the_customer(browser_less, caplog):
    with caplog.at_level(logging.ERROR, "weihu.workplace"):
        answer = browser_less.get("/fault/broken/")
    (entry,) = caplog.records
    assert entry.getMessage() == "GET /fault/<name>/ failed for nobody"
    line = Masked("%(levelname)s %(message)s").format(entry)
    assert "ValueError: … …" in line
    assert "raise RAISED[name]" in line
    assert "13812345678" not in line and "张三" not in line
    assert answer.status_code == 500


def test_what_could_be_of_a_customer_is_masked():
    assert mask("KeyError: '张三 13812345678' after 12 rows") == "KeyError: '… …' after 12 rows"


def test_the_log_is_a_file_of_its_owner_alone(tmp_path):
    configured = settings_for(tmp_path / "logs" / "workplace.log")
    assert list(configured["handlers"]) == ["console", "file"]
    assert list(settings_for(None)["handlers"]) == ["console"]
    handler = LogFile(str(tmp_path / "logs" / "workplace.log"))
    handler.setFormatter(Masked("%(reference)s %(message)s"))
    try:
        raise ValueError("客户\n  of 6222000011112222")
    except ValueError:
        handler.emit(logging.LogRecord("x", logging.ERROR, "", 0, "号码 %s", ("6222000011112222",), sys.exc_info()))
    handler.close()
    file = tmp_path / "logs" / "workplace.log"
    assert file.stat().st_mode & 0o077 == 0 and file.parent.stat().st_mode & 0o077 == 0
    text = file.read_text()
    assert text.startswith("- … …\n") and text.endswith("ValueError: …\n  of …\n")


def test_a_script_that_is_not_signed_in_is_told_so(db, client):
    for heads in ({"X-Weihu": "form"}, {"HX-Request": "true"}):
        assert client.get(reverse("today"), headers=heads).status_code == 401
    assert client.get(reverse("today")).status_code == 302


def test_a_script_is_told_where_to_go_on_and_htmx_goes_by_itself(signed_in):
    client = signed_in("relationship_manager")
    answer = client.post(reverse("set_language"), {"language": "en", "next": "/"}, headers={"X-Weihu": "form"})
    assert (answer.status_code, answer.headers["X-Location"]) == (204, "/")
    assert answer.cookies["django_language"].value == "en"
    answer = client.post(reverse("set_language"), {"language": "en", "next": "/"}, headers={"X-Weihu": "htmx"})
    assert answer.status_code in (204, 302)


def test_a_form_without_its_token_is_answered_with_the_one_that_holds(member):
    client = Client(enforce_csrf_checks=True)
    client.force_login(member("relationship_manager"))
    assert "页面停留过久" in client.post(reverse("templates")).content.decode()
    answer = client.post(reverse("templates"), headers={"X-Weihu": "form"})
    token = answer.headers["X-CSRF-Token"]
    assert answer.status_code == 403
    assert client.post(reverse("templates"), headers={"X-CSRFToken": token}).status_code != 403


def test_signing_in_again_tells_the_token_and_the_share_of_the_key(member):
    staff = member("relationship_manager")
    staff.set_password("a long password")
    staff.save()
    client = Client(enforce_csrf_checks=True)
    asked = client.get(reverse("session")).json()
    assert (asked["staff"], asked["share"]) == ("", "")
    said = {"username": staff.pk, "password": "not it"}
    answer = client.post(reverse("session"), said, headers={"X-CSRFToken": asked["token"]})
    assert (answer.status_code, list(answer.json())) == (422, ["fault"])
    said["password"] = "a long password"
    answer = client.post(reverse("session"), said, headers={"X-CSRFToken": asked["token"]})
    assert answer.json()["staff"] == staff.pk
    assert answer.json()["share"] == share(staff.pk) == client.get(reverse("session")).json()["share"]
    assert share(staff.pk) != share("somebody else")


def complain(client, customer, number, text="排队太久"):
    said = {"token": uuid.uuid4(), "origin": "counter", "subject": text}
    return client.post(
        reverse("new_complaint", args=[customer]), said, headers={"X-Sending": number, "X-Weihu": "form"}
    )


@pytest.fixture
def customer(run, member):
    from weihu.workplace.gate.reach import Gate

    return Gate(member("relationship_manager"), run).standings()[0].customer_id


def test_what_is_sent_twice_is_done_once(signed_in, customer):
    client, number = signed_in("relationship_manager"), str(uuid.uuid4())
    first = complain(client, customer, number)
    again = complain(client, customer, number)
    assert Complaint.objects.count() == 1
    assert first.headers["X-Location"] == again.headers["X-Location"]
    assert ("X-Already" in first.headers, again.headers["X-Already"]) == (False, "1")
    complain(client, customer, str(uuid.uuid4()))
    assert Complaint.objects.count() == 2
    complain(client, customer, "no number")
    assert Complaint.objects.count() == 3


def test_what_was_refused_may_come_again_with_its_number(signed_in, customer):
    client, number = signed_in("relationship_manager"), str(uuid.uuid4())
    assert complain(client, customer, number, text="").status_code == 422
    assert not Sending.objects.exists()
    assert complain(client, customer, number).status_code == 204
    assert Complaint.objects.count() == 1


def test_the_number_of_one_person_is_nothing_to_another(client, member, customer, run):
    number = str(uuid.uuid4())
    client.force_login(member("relationship_manager"))
    complain(client, customer, number)
    client.force_login(member("personal_banking"))
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"), transaction.atomic():
        complain(client, customer, number)
    assert Complaint.objects.count() == 1


@pytest.mark.parametrize(("name", "noted"), [("missing", 1), ("refused", 1), ("broken", 0)])
def test_what_a_view_noted_before_it_refused_stays_noted_and_what_broke_leaves_nothing(browser_less, name, noted):
    browser_less.post(f"/fault/{name}/", headers={"X-Sending": str(uuid.uuid4())})
    assert Entry.objects.filter(action="test").count() == noted
    assert not Sending.objects.exists()


def test_what_waits_for_another_system_is_asked_again_until_it_is_noted(browser_less):
    number = str(uuid.uuid4())
    for said, count in (({}, 1), ({"good": "1"}, 2), ({"good": "1"}, 2)):
        browser_less.post("/outside/", said, headers={"X-Sending": number})
        assert Entry.objects.filter(action="outside").count() == count


def test_a_page_left_open_by_somebody_else_sends_nothing(client, member, customer):
    client.force_login(member("relationship_manager"))
    said = {"token": uuid.uuid4(), "origin": "counter", "subject": "排队太久"}
    address = reverse("new_complaint", args=[customer])
    for heads in ({}, {"X-Sending": str(uuid.uuid4())}):
        answer = client.post(address, said, headers={"X-Weihu": "form", "X-Staff": member("rm_supervisor").pk, **heads})
        assert answer.status_code == 401
    assert not Complaint.objects.exists()
    heads = {"X-Weihu": "form", "X-Staff": member("relationship_manager").pk}
    assert client.post(address, said, headers=heads).status_code == 204


def test_what_was_sent_long_ago_is_forgotten(db):
    Sending.objects.create(number=uuid.uuid4(), at=timezone.now())
    once.forget(timezone.now())
    assert not Sending.objects.exists()


def test_a_toast_waits_encrypted_for_the_next_page_and_brings_its_way_back(signed_in, customer, run):
    client = signed_in("relationship_manager")
    said = {"token": uuid.uuid4(), "on": run.work_date, "at": "10:00"}
    client.post(reverse("visit", args=[customer]), said)
    assert "已约" not in json.dumps(dict(client.session.items()), ensure_ascii=False)
    page = client.get(reverse("complaints")).content.decode()
    assert "已约面谈" in page and reverse("visit_cancel", args=[customer, 1])[:-2] in page
    assert "已约面谈" not in client.get(reverse("complaints")).content.decode()


def test_a_script_hears_of_it_in_the_answers_head(signed_in):
    client = signed_in("relationship_manager")
    client.post(reverse("work_log"), {"minutes": "30", "text": "培训"})
    answer = client.get(reverse("not_planned"), headers={"HX-Request": "true"})
    assert json.loads(answer.headers[toasts.HEADER]) == [{"text": "已记入工作日志。", "undo": None}]


def test_without_a_session_nothing_waits():
    assert toasts.header(RequestFactory().get("/")) == ""
    assert list(get_messages(RequestFactory().get("/"))) == []
