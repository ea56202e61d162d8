"""Unforeseen errors become rows: one for each bug, without secrets, and without being in anybody's way."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
import structlog
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from hazesite import logs
from hazesite.error_reports import recorder as recording
from hazesite.error_reports import services
from hazesite.error_reports.models import ErrorReport
from hazesite.error_reports.recorder import MAX_PENDING, Recorder
from hazesite.error_reports.sightings import Sighting, fingerprint_of, sighting_of, traceback_of
from hazesite.jobs.models import Job
from hazesite.jobs.worker import Worker
from hazesite.realtime import handlers
from tickets import services as tickets

logger = structlog.get_logger(__name__)


def broken(value: object = "") -> None:
    secret = "only-a-local-variable"
    raise ValueError(f"{value} is no good", len(secret))


def broken_elsewhere(value: object = "") -> None:
    broken(value)


def failing(work, *arguments) -> Exception:
    try:
        work(*arguments)
    except Exception as error:
        return error
    raise AssertionError("it did not fail")


def seen(error: Exception, **line: object) -> Sighting:
    sighting = sighting_of(error, fingerprint_of(error))
    sighting.again(line)
    return sighting


# --- what is one bug ---------------------------------------------------------
def test_staff_hear_of_an_error_the_first_time_and_of_its_words_nothing(db, told_staff):
    for number in range(2):
        services.store([seen(failing(broken, f"alice's words {number}"))])
    [(subject, text, key)] = told_staff
    report = ErrorReport.objects.get()
    assert subject == "A new error: ValueError in tests/site/test_error_reports.py:broken"
    assert f"/admin/hazesite/errorreport/{report.pk}/change/" in text and "alice" not in text
    assert key == f"error-{report.fingerprint}"


def test_the_same_bug_twice_is_one_row(db):
    services.store([seen(failing(broken, 1), path="/api/one", method="GET", request_id="r1")])
    services.store([seen(failing(broken, 2), path="/api/two", method="POST", request_id="r2")])
    report = ErrorReport.objects.get()
    assert (report.count, report.where, report.request_id) == (2, "POST /api/two", "r2")
    assert (report.exception, report.place) == ("ValueError", "tests/site/test_error_reports.py:broken")
    assert report.first_seen_at < report.last_seen_at


def test_other_lines_and_other_types_are_other_bugs():
    def other_type() -> None:
        raise KeyError("x")

    errors = [failing(broken), failing(broken_elsewhere), failing(other_type), failing(lambda: {}["x"])]
    assert len({fingerprint_of(error) for error in errors}) == len(errors)


def test_where_somebody_writes_above_a_line_it_is_the_same_bug():
    def place(above: str) -> str:
        code = compile(f"{above}def work():\n    raise ValueError\nwork()", "x.py", "exec")
        return fingerprint_of(failing(exec, code, {}))

    assert fingerprint_of(failing(broken, 1)) == fingerprint_of(failing(broken, "y"))
    assert place("") != place("\n")  # without a source there is the number alone


def test_a_recursion_is_one_bug_however_deep_it_went():
    def deeper(left: int) -> None:
        if not left:
            raise ValueError
        deeper(left - 1)

    assert fingerprint_of(failing(deeper, 3)) == fingerprint_of(failing(deeper, 30))


def test_an_error_of_a_library_alone_has_a_place_too():
    sighting = seen(failing(threading.Thread().join))
    assert sighting.place and len(sighting.fingerprint) == 32
    assert seen(ValueError("never raised")).place == "?"


# --- what is kept ------------------------------------------------------------
SECRETS = [
    "Authorization: Bearer hunter2-hunter2",
    "password=hunter2-hunter2",
    '{"client_secret": "hunter2-hunter2 and more"}',
    "API_KEY = 'hunter2-hunter2'",
    "postgres://haze:hunter2-hunter2@db/haze",
    "/ws/?token=hunter2-hunter2&x=1",
    "-----BEGIN PRIVATE KEY-----\nhunter2-hunter2\n-----END PRIVATE KEY-----",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.hunter2-hunter2",
    "MTAwMDAwMDAwMDAwMDAwMDAw.GabcDE.hunter2-hunter2-hunter2-hunter2",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_are_scrubbed(secret):
    sighting = seen(failing(broken, secret), path=f"/x?{secret}", method="GET")
    for text in (sighting.traceback, sighting.where):
        assert "hunter2" not in text and logs.MASK in text
    assert "raise ValueError" in sighting.traceback


def test_no_local_variable_and_no_path_of_this_machine_is_kept():
    text = traceback_of(failing(broken_elsewhere))
    assert "only-a-local-variable" not in text and 'File "tests/site/test_error_reports.py"' in text


def test_an_endless_message_is_cut_and_costs_little():
    started = time.perf_counter()
    for endless in ("a" * 10**6, "eyJ" * 10**5, "token" * 10**5, "-----BEGIN " * 10**5, "a.b" * 10**5):
        assert len(traceback_of(failing(broken, endless))) <= 20_000
    assert time.perf_counter() - started < 2


def test_a_secret_in_the_middle_of_a_long_message_is_scrubbed():
    key = f"-----BEGIN PRIVATE KEY-----{'hunter2-hunter2 ' * 200}-----END PRIVATE KEY-----"
    for filling in range(17_500, 20_500, 250):
        assert "hunter2" not in traceback_of(failing(broken, key + "x" * filling))


def test_what_no_database_stores_is_replaced(db):
    services.store([seen(failing(broken, "\0 \ud800"), event="\0\ud800")])
    assert "is no good" in ErrorReport.objects.get().traceback


# --- states ------------------------------------------------------------------
@pytest.fixture
def report(db) -> ErrorReport:
    services.store([seen(failing(broken))])
    return ErrorReport.objects.get()


@pytest.mark.parametrize(
    ("verb", "version", "after"),
    [
        (services.resolve, "same", "new"),
        (services.resolve_in_next_version, "same", "resolved"),
        (services.resolve_in_next_version, "later", "new"),
        (services.ignore, "later", "ignored"),
    ],
)
def test_what_comes_again_after_it_was_resolved_is_new(report, settings, verb, version, after):
    verb(ErrorReport.objects.all())
    settings.VERSION = settings.VERSION if version == "same" else "99.0"
    services.store([seen(failing(broken))])
    report.refresh_from_db()
    assert (report.state, report.count, report.version) == (after, 2, settings.VERSION)


def test_rows_are_bounded_and_forgotten(db, monkeypatch):
    monkeypatch.setattr(services, "MAX_ROWS", 3)
    for number in range(5):
        sighting = seen(failing(broken))
        sighting.fingerprint = f"bug {number}"
        services.store([sighting])
    assert set(ErrorReport.objects.values_list("fingerprint", flat=True)) == {"bug 2", "bug 3", "bug 4"}
    ErrorReport.objects.filter(fingerprint="bug 2").update(last_seen_at=timezone.now() - timedelta(days=91))
    assert services.forget_old_error_reports() == 1
    assert ErrorReport.objects.count() == 2


# --- being in nobody's way ---------------------------------------------------
class Store:
    """Takes what a recorder writes down; may be told to fail."""

    def __init__(self) -> None:
        self.batches: list[list[Sighting]] = []
        self.broken = False

    def __call__(self, sightings) -> None:
        self.batches.append(list(sightings))
        if self.broken:
            raise DatabaseError("the database is what is down")


@pytest.fixture
def recorder(settings, monkeypatch) -> tuple[Recorder, Store]:
    settings.ERROR_REPORTS = True
    monkeypatch.setattr(recording, "GATHER_SECONDS", 0.2)
    store = Store()
    return Recorder(store), store


def wait_until(condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_burst_is_one_write_and_is_counted(recorder):
    record, store = recorder
    started = time.perf_counter()
    for number in range(1000):
        record.notice(failing(broken, number), {"event": "burst"})
    assert time.perf_counter() - started < 2
    wait_until(lambda: sum(one.count for batch in store.batches for one in batch) == 1000)
    assert len(store.batches) <= 10


def test_more_bugs_than_there_is_room_for_are_dropped(recorder):
    record, store = recorder
    for number in range(MAX_PENDING + 50):
        kind = type(f"Bug{number}", (Exception,), {})
        record.notice(kind(), {})
    wait_until(lambda: store.batches)
    assert len(store.batches[0]) <= MAX_PENDING


def test_a_database_that_is_down_is_left_alone_for_a_while(recorder):
    record, store = recorder
    store.broken = True
    record.notice(failing(broken), {})
    wait_until(lambda: store.batches)
    time.sleep(0.1)
    record.notice(failing(broken), {})
    time.sleep(0.5)
    assert len(store.batches) == 1


def test_an_error_that_cannot_even_be_described_hurts_nobody(recorder):
    class Strange(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

        @property
        def __cause__(self):
            raise RuntimeError("no cause")

    record, _store = recorder
    record.notice(Strange(), {})


# --- heard from the logs -----------------------------------------------------
@pytest.fixture
def heard(monkeypatch) -> list[tuple[BaseException, dict]]:
    found: list[tuple[BaseException, dict]] = []
    monkeypatch.setattr(logs, "WATCHERS", [lambda error, line: found.append((error, dict(line)))])
    return found


def origin(line: dict) -> str:
    return seen(ValueError(), **line).where


def test_a_call_that_fails(ticket, moira, client_of, monkeypatch, heard):
    monkeypatch.setattr(tickets, "claim_ticket", broken)
    path = f"/api/tickets/{ticket.public_id}/claim"
    answer = client_of(moira).post(path)
    [(_error, line)] = heard
    assert origin(line) == f"POST {path}" and line["request_id"] == answer.json()["request_id"]


def test_a_page_that_fails(client, ada, monkeypatch, heard):
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    client.raise_request_exception = False
    monkeypatch.setattr("hazesite.admin_site.cards_for", broken)
    assert client.get("/admin/").status_code == 500
    [(_error, line)] = heard
    assert origin(line) == "GET /admin/"


def test_a_job_that_fails(db, heard):
    job = Job.objects.create(task="tests.jobs.work.nowhere")
    worker = Worker(["default"], 1)
    worker._perform(job)
    [(_error, line)] = heard
    assert origin(line) == "job tests.jobs.work.nowhere"


async def test_a_socket_event_that_fails(monkeypatch, heard):
    class Quiet:
        def may_act(self) -> bool:
            return True

        def push(self, _frame) -> None:
            pass

    async def fails(_sink, _data):
        broken()

    monkeypatch.setitem(handlers._handlers, "wave", fails)
    answer = await handlers.answer(Quiet(), "wave", {})
    assert answer["code"] == "server_error"
    [(_error, line)] = heard
    assert origin(line) == "socket wave"


def test_what_is_only_information_is_no_error(heard):
    logger.info("tried", exc_info=failing(broken))
    logger.warning("said without an exception")
    assert heard == []


def test_a_refusal_is_no_error(ticket, mallory, client_of, heard):
    assert client_of(mallory).post(f"/api/tickets/{ticket.public_id}/claim").status_code in (403, 404)
    assert heard == []


@pytest.mark.django_db(transaction=True)
def test_an_error_in_a_transaction_that_is_rolled_back_is_recorded(settings, monkeypatch):
    settings.ERROR_REPORTS = True
    monkeypatch.setattr(recording, "GATHER_SECONDS", 0.05)
    monkeypatch.setattr(logs, "WATCHERS", [Recorder(services.store).notice])

    def fail() -> None:
        with transaction.atomic():
            User.objects.create_user("zoe", "plover-xyzzy-41")
            error = failing(User.objects.create_user, "zoe", "plover-xyzzy-41")
            logger.error("inside", exc_info=error)
            raise error

    failing(fail)
    wait_until(ErrorReport.objects.exists)
    assert "IntegrityError" in ErrorReport.objects.get().exception
    assert not User.objects.exists()
    time.sleep(0.2)  # its thread lets go of the database


# --- in the admin ------------------------------------------------------------
@pytest.fixture
def pages(report) -> list[str]:
    changelist = reverse("admin:hazesite_errorreport_changelist")
    return [changelist, reverse("admin:hazesite_errorreport_change", args=[report.pk])]


def test_moderators_see_none_of_it(client, moira, pages):
    client.force_login(moira, backend="django.contrib.auth.backends.ModelBackend")
    assert [client.get(page).status_code for page in pages] == [403, 403]
    assert "New errors" not in client.get("/admin/").content.decode()
    body = {"action": "ignore", "_selected_action": [ErrorReport.objects.get().pk], "index": 0}
    assert client.post(pages[0], body).status_code == 403


def test_admins_read_search_and_settle_them(client, ada, report, pages):
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    assert "New errors" in client.get("/admin/").content.decode()
    found = client.get(pages[0], {"q": "broken", "state__exact": "new"}).content.decode()
    assert "ValueError in tests/site/test_error_reports.py:broken" in found
    assert "raise ValueError(f" in client.get(pages[1]).content.decode()
    assert client.post(pages[1], {"state": "ignored"}).status_code == 403
    for action, state in (("ignore", "ignored"), ("resolve", "resolved"), ("reopen", "new")):
        client.post(pages[0], {"action": action, "_selected_action": [report.pk], "index": 0})
        report.refresh_from_db()
        assert report.state == state
