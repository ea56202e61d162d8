"""Every endpoint by every role by owner or not. A route that is missing here fails the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import monitoring_tokens, tokens
from accounts import services as accounts
from accounts.models import Session, User
from accounts.services import Device
from tests.community.stock import stock_memes
from tickets import services
from tickets.models import Ticket

WHO = ("nobody", "monitoring", "stranger", "owner", "moderator", "admin")
TICKET = "/api/tickets/<ticket_id>"
PERSON_PATH = "/api/users/<user_id>"
WEBHOOK = "/api/tickets/webhooks/<webhook_id>"
MONITOR, INCIDENT = "/api/monitors/<monitor_id>", "/api/incidents/<incident_id>"
CHANNEL = "/api/notification-channels/<channel_id>"
POLICY = "/api/escalation-policies/<policy_id>"
MAINTENANCE, STATUS_PAGE = "/api/maintenance/<window_id>", "/api/status-pages/<page_id>"
# What each of WHO gets. A call that is allowed answers 2xx or a refusal that is about the state (409) or
# the input (400); one that is not: 401, 403, or 404 where the ticket is not visible.
PUBLIC = (200, 200, 200, 200, 200, 200)
ANY_TOKEN = (401, 200, 200, 200, 200, 200)
PERSON = (401, 403, 200, 200, 200, 200)
VISIBLE = (401, 403, 404, 200, 200, 200)
STAFF = (401, 403, 403, 403, 200, 200)
STAFF_OR_MONITORING = (401, 200, 403, 403, 200, 200)
ADMIN = (401, 403, 403, 403, 403, 200)
NOT_SET_UP = (503,) * 6
UNKNOWN_TO_STAFF = (401, 403, 403, 403, 404, 404)
UNKNOWN_TO_ADMINS = (401, 403, 403, 403, 403, 404)
WATCHERS = (401, 200, 403, 403, 200, 200)
UNKNOWN_TO_WATCHERS = (401, 404, 403, 403, 404, 404)
INVALID_OF_ADMINS = (401, 403, 403, 403, 403, 400)

MATRIX: dict[tuple[str, str], tuple[Any, ...]] = {
    ("POST", "/api/auth/login"): (400,) * 6,
    ("POST", "/api/auth/refresh"): (401, 401, 200, 200, 200, 200),
    ("GET", "/api/auth/verify-token"): ANY_TOKEN,
    ("POST", "/api/auth/verify-token"): ANY_TOKEN,
    ("POST", "/api/auth/logout"): PERSON,
    ("GET", "/api/auth/sessions"): PERSON,
    ("DELETE", "/api/auth/sessions/<key>"): (401, 403, 404, 404, 404, 404),
    ("POST", "/api/auth/monitoring-token"): (401, 403, 403, 403, 403, 200),
    ("GET", "/api/discord/auth"): NOT_SET_UP,
    ("GET", "/api/discord/callback"): (302,) * 6,
    ("GET", "/api/auth/me"): PERSON,
    ("GET", "/api/users/me"): PERSON,
    ("GET", "/api/users"): STAFF,
    ("GET", PERSON_PATH): UNKNOWN_TO_STAFF,
    ("PATCH", PERSON_PATH): (401, 403, 403, 403, 403, 400),
    ("POST", f"{PERSON_PATH}/block"): UNKNOWN_TO_ADMINS,
    ("POST", f"{PERSON_PATH}/unblock"): UNKNOWN_TO_ADMINS,
    ("GET", f"{PERSON_PATH}/sessions"): UNKNOWN_TO_ADMINS,
    ("DELETE", f"{PERSON_PATH}/sessions"): UNKNOWN_TO_ADMINS,
    ("DELETE", f"{PERSON_PATH}/sessions/<key>"): UNKNOWN_TO_ADMINS,
    ("GET", f"{PERSON_PATH}/export"): UNKNOWN_TO_ADMINS,
    ("POST", f"{PERSON_PATH}/erase"): (401, 403, 404, 404, 404, 404),
    ("GET", "/api/admin/audit"): ADMIN,
    ("GET", "/api/admin/erasures"): ADMIN,
    ("GET", "/api/admin/erasures/<erasure_id>"): UNKNOWN_TO_ADMINS,
    ("GET", "/api/ping"): ANY_TOKEN,
    ("GET", "/api/config"): ADMIN,
    ("GET", "/api/config/<section>"): ADMIN,
    ("PUT", "/api/config/<section>"): ADMIN,
    ("POST", "/api/config/<section>/reset"): ADMIN,
    ("POST", "/api/config/<section>/rollback"): ADMIN,
    ("GET", "/api/config/<section>/history"): ADMIN,
    ("GET", "/api/config/<section>/verification"): ADMIN,
    ("GET", "/api/config/schema"): ADMIN,
    ("GET", "/api/cogs"): ADMIN,
    ("POST", "/api/cogs/load"): (401, 403, 403, 403, 403, 400),
    ("POST", "/api/cogs/unload"): (401, 403, 403, 403, 403, 400),
    ("POST", "/api/cogs/reload"): (401, 403, 403, 403, 403, 400),
    ("GET", "/api/guild/channels"): ADMIN,
    ("GET", "/api/guild/roles"): ADMIN,
    ("GET", "/api/admin/stats"): ADMIN,
    ("POST", "/api/admin/broadcast"): (401, 403, 403, 403, 403, 202),
    ("POST", "/api/admin/broadcast/preview"): ADMIN,
    ("GET", "/api/admin/broadcast"): ADMIN,
    ("GET", "/api/admin/broadcast/<broadcast_id>"): UNKNOWN_TO_ADMINS,
    ("GET", "/api/memes/random"): PERSON,
    ("GET", "/api/memes/templates"): PERSON,
    ("GET", "/api/memes/templates/<template>"): PERSON,
    ("POST", "/api/memes/generate"): PERSON,
    ("GET", "/api/rocket-league/stats/<platform>/<username>"): (401, 403, 503, 503, 503, 503),
    ("GET", "/api/rocket-league/link"): (401, 403, 404, 404, 404, 404),
    ("POST", "/api/rocket-league/link"): PERSON,
    ("DELETE", "/api/rocket-league/link"): (401, 403, 404, 404, 404, 404),
    ("GET", "/api/rocket-league/check-ranks"): UNKNOWN_TO_ADMINS,
    ("POST", "/api/rocket-league/check-ranks"): (401, 403, 403, 403, 403, 503),
    ("GET", "/api/rocket-league/check-ranks/<check_id>"): UNKNOWN_TO_ADMINS,
    ("GET", "/api/notifications"): PERSON,
    ("POST", "/api/notifications/read"): PERSON,
    ("POST", "/api/notifications/register-token"): (401, 403, 400, 400, 400, 400),
    ("DELETE", "/api/notifications/register-token"): (401, 403, 400, 400, 400, 400),
    ("POST", "/api/notifications/test"): (401, 403, 403, 403, 403, 400),
    ("GET", "/api/notifications/settings"): PERSON,
    ("PUT", "/api/notifications/settings"): PERSON,
    ("GET", "/api/notifications/preferences"): PERSON,
    ("PUT", "/api/notifications/preferences"): PERSON,
    ("GET", "/api/notifications/email"): PERSON,
    ("PUT", "/api/notifications/email"): PERSON,
    ("DELETE", "/api/notifications/email"): (401, 403, 404, 404, 404, 404),
    ("GET", "/api/tickets"): ANY_TOKEN,
    ("POST", "/api/tickets"): (401, 403, 400, 400, 400, 400),
    ("GET", "/api/tickets/options"): PERSON,
    ("GET", TICKET): VISIBLE,
    ("PATCH", TICKET): STAFF,
    ("DELETE", TICKET): ADMIN,
    ("GET", f"{TICKET}/discord"): STAFF,
    ("GET", f"{TICKET}/messages"): VISIBLE,
    ("POST", f"{TICKET}/messages"): VISIBLE,
    ("POST", f"{TICKET}/send"): VISIBLE,
    ("PATCH", f"{TICKET}/messages/<message_id>"): (401, 403, 404, 200, 403, 403),
    ("DELETE", f"{TICKET}/messages/<message_id>"): VISIBLE,
    ("POST", f"{TICKET}/attachments"): VISIBLE,
    ("GET", f"{TICKET}/attachments/<attachment_id>"): VISIBLE,
    ("GET", f"{TICKET}/transcript"): VISIBLE,
    ("GET", f"{TICKET}/events"): VISIBLE,
    ("POST", f"{TICKET}/claim"): STAFF,
    ("POST", f"{TICKET}/unclaim"): (401, 403, 403, 403, 409, 409),
    ("POST", f"{TICKET}/assign"): STAFF,
    ("POST", f"{TICKET}/notes"): STAFF,
    ("POST", f"{TICKET}/close"): (401, 403, 404, 403, 200, 200),
    ("POST", f"{TICKET}/reopen"): (401, 403, 404, 409, 409, 409),
    ("POST", f"{TICKET}/mark-read"): VISIBLE,
    ("POST", "/api/tickets/bulk"): (401, 403, 403, 403, 200, 200),
    ("GET", "/api/tickets/canned-replies"): STAFF,
    ("POST", "/api/tickets/canned-replies"): (401, 403, 403, 403, 201, 201),
    ("PATCH", "/api/tickets/canned-replies/<name>"): (401, 403, 403, 403, 404, 404),
    ("DELETE", "/api/tickets/canned-replies/<name>"): (401, 403, 403, 403, 404, 404),
    ("GET", "/api/tickets/blocklist"): STAFF,
    ("PUT", "/api/tickets/blocklist/<user_id>"): (401, 403, 403, 403, 404, 404),
    ("DELETE", "/api/tickets/blocklist/<user_id>"): (401, 403, 403, 403, 404, 404),
    ("POST", f"{TICKET}/transfer"): (401, 403, 403, 403, 409, 409),
    ("POST", f"{TICKET}/snooze"): STAFF,
    ("POST", f"{TICKET}/wake"): (401, 403, 403, 403, 409, 409),
    ("POST", f"{TICKET}/merge"): (401, 403, 403, 403, 404, 404),
    ("GET", f"{TICKET}/presence"): STAFF,
    ("POST", f"{TICKET}/rating"): (401, 403, 404, 409, 403, 403),
    ("GET", f"{TICKET}/canned-replies"): STAFF,
    ("GET", "/api/tickets/webhooks"): ADMIN,
    ("POST", "/api/tickets/webhooks"): (401, 403, 403, 403, 403, 400),
    ("GET", WEBHOOK): UNKNOWN_TO_ADMINS,
    ("PATCH", WEBHOOK): UNKNOWN_TO_ADMINS,
    ("DELETE", WEBHOOK): UNKNOWN_TO_ADMINS,
    ("POST", f"{WEBHOOK}/test"): UNKNOWN_TO_ADMINS,
    ("GET", f"{WEBHOOK}/deliveries"): UNKNOWN_TO_ADMINS,
    ("GET", "/api/stats"): STAFF,
    ("GET", "/api/active-sessions"): ADMIN,
    ("GET", "/api/analytics/data"): STAFF_OR_MONITORING,
    ("GET", "/api/analytics/live"): STAFF_OR_MONITORING,
    ("GET", "/api/analytics/retention"): STAFF,
    ("GET", "/api/analytics/funnel"): (401, 403, 403, 403, 400, 400),
    ("GET", "/api/analytics/features"): STAFF,
    ("GET", "/api/analytics/features/comparison"): STAFF,
    ("GET", "/api/analytics/features/<feature>"): (401, 403, 403, 403, 400, 400),
    ("GET", "/api/analytics/inactive-users"): STAFF,
    ("GET", "/api/analytics/errors"): STAFF,
    ("GET", "/api/analytics/staff"): ADMIN,
    ("GET", "/api/analytics/export"): ADMIN,
    ("POST", "/api/analytics/reset"): (401, 403, 403, 403, 403, 400),
    ("GET", "/api/analytics/preferences"): PERSON,
    ("PUT", "/api/analytics/preferences"): (401, 403, 400, 400, 400, 400),
    ("GET", "/api/status"): WATCHERS,
    ("GET", "/api/monitors"): WATCHERS,
    ("POST", "/api/monitors"): INVALID_OF_ADMINS,
    ("POST", "/api/monitors/import"): (401, 403, 403, 403, 403, 409),
    ("GET", "/api/monitors/export"): ADMIN,
    ("GET", MONITOR): UNKNOWN_TO_WATCHERS,
    ("PATCH", MONITOR): UNKNOWN_TO_ADMINS,
    ("DELETE", MONITOR): UNKNOWN_TO_ADMINS,
    ("POST", f"{MONITOR}/pause"): UNKNOWN_TO_ADMINS,
    ("POST", f"{MONITOR}/resume"): UNKNOWN_TO_ADMINS,
    ("POST", f"{MONITOR}/check-now"): UNKNOWN_TO_ADMINS,
    ("GET", f"{MONITOR}/checks"): UNKNOWN_TO_WATCHERS,
    ("GET", f"{MONITOR}/stats"): UNKNOWN_TO_WATCHERS,
    ("GET", "/api/incidents"): WATCHERS,
    ("GET", INCIDENT): UNKNOWN_TO_WATCHERS,
    ("POST", f"{INCIDENT}/acknowledge"): UNKNOWN_TO_STAFF,
    ("POST", f"{INCIDENT}/comments"): UNKNOWN_TO_STAFF,
    ("GET", "/api/notification-channels"): WATCHERS,
    ("POST", "/api/notification-channels"): INVALID_OF_ADMINS,
    ("GET", CHANNEL): UNKNOWN_TO_WATCHERS,
    ("PATCH", CHANNEL): UNKNOWN_TO_ADMINS,
    ("DELETE", CHANNEL): UNKNOWN_TO_ADMINS,
    ("POST", f"{CHANNEL}/test"): UNKNOWN_TO_ADMINS,
    ("GET", "/api/escalation-policies"): WATCHERS,
    ("POST", "/api/escalation-policies"): INVALID_OF_ADMINS,
    ("GET", POLICY): UNKNOWN_TO_WATCHERS,
    ("PATCH", POLICY): UNKNOWN_TO_ADMINS,
    ("DELETE", POLICY): UNKNOWN_TO_ADMINS,
    ("GET", "/api/maintenance"): WATCHERS,
    ("POST", "/api/maintenance"): INVALID_OF_ADMINS,
    ("GET", MAINTENANCE): UNKNOWN_TO_WATCHERS,
    ("PATCH", MAINTENANCE): UNKNOWN_TO_ADMINS,
    ("DELETE", MAINTENANCE): UNKNOWN_TO_ADMINS,
    ("GET", "/api/status-pages"): WATCHERS,
    ("POST", "/api/status-pages"): INVALID_OF_ADMINS,
    ("GET", STATUS_PAGE): UNKNOWN_TO_WATCHERS,
    ("PATCH", STATUS_PAGE): UNKNOWN_TO_ADMINS,
    ("DELETE", STATUS_PAGE): UNKNOWN_TO_ADMINS,
    ("GET", "/api/push/<token>"): (404,) * 6,
    ("POST", "/api/push/<token>"): (404,) * 6,
    ("GET", "/api/health"): PUBLIC,
    ("GET", "/api/schema"): PUBLIC,
    ("GET", "/api/docs/"): PUBLIC,
    ("GET", "/api/redoc/"): PUBLIC,
}
FORMS = {"attachments": lambda: {"file": ContentFile(b"What it said.", "log.txt")}}
BODIES: dict[str, Any] = {
    "rollback": {"version": 0},
    "send": {"message": "x"},
    "erase": {"confirm": "unknown"},
    "messages": {"message": "x"},
    "<message_id>": {"message": "x"},
    "notes": {"message": "x"},
    "assign": {"assigned_to": None},
    "<ticket_id>": {"priority": "high"},
    "transfer": {"to": "nobody"},
    "snooze": {"until": (timezone.now() + timedelta(days=1)).isoformat()},
    "merge": {"into": "unknown"},
    "rating": {"score": 5},
    "bulk": {"ticket_ids": ["unknown"], "action": "claim"},
    "broadcast": {"title": "News", "message": "There is some."},
    "preview": {"title": "News", "message": "There is some."},
    "canned-replies": {"name": "hello", "content": "Hello {owner}!"},
    "generate": {"template": "sign", "texts": ["It works"]},
    "comments": {"text": "It is looked after."},
    "link": {"platform": "steam", "username": "Squishy"},
}


def routes(patterns: list[URLPattern | URLResolver], before: str = "/") -> Iterator[tuple[str, str]]:
    for entry in patterns:
        here = before + str(entry.pattern).replace("<str:", "<")
        if isinstance(entry, URLResolver):
            yield from routes(entry.url_patterns, here)
        elif actions := getattr(entry.callback, "actions", None):
            yield from ((method.upper(), here) for method in actions if method != "head")
        elif (here.startswith("/api/") and hasattr(entry.callback, "cls")) or (
            here.startswith("/api/") and hasattr(entry.callback, "view_class")
        ):
            yield "GET", here


def test_every_route_has_its_row():
    assert set(routes(get_resolver().url_patterns)) == set(MATRIX)


def filled(path: str) -> str:
    path = path.replace("<section>", "general").replace("<key>", "0" * 32)
    path = path.replace("<broadcast_id>", "1").replace("<feature>", "unknown")
    path = path.replace("<template>", "sign").replace("<check_id>", "1")
    for name in ("monitor", "incident", "channel", "policy", "window", "page"):
        path = path.replace(f"<{name}_id>", "1")
    path = path.replace("<token>", "unknown")
    path = path.replace("<platform>", "steam").replace("<username>", "Squishy")
    return path.replace("<name>", "unknown").replace("<user_id>", "unknown")


VERBS = ("get", "post", "put", "patch", "delete")


@pytest.mark.parametrize("route", sorted({route for _method, route in MATRIX}))
def test_a_method_a_route_does_not_have_is_405_and_changes_nothing(route, ticket, clients):
    path = route.replace("<ticket_id>", ticket.public_id).replace("<message_id>", "msg_1")
    path = filled(path)
    for verb in VERBS:
        if (verb.upper(), route) not in MATRIX:
            answer = getattr(clients["admin"], verb)(path)
            assert answer.status_code == 405, (verb, path)
            assert answer.json()["code"] == "method_not_allowed"
    ticket.refresh_from_db()
    assert ticket.deleted_at is None


@pytest.fixture
def clients(ticket: Ticket, mallory: User, alice: User, moira: User, ada: User) -> dict[str, APIClient]:
    def signed_in(session: Session) -> APIClient:
        client = APIClient(raise_request_exception=False)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(session)}")
        client.default_format = "json"
        return client

    stock_memes()  # nobody asks another site
    people = {"stranger": mallory, "owner": alice, "moderator": moira, "admin": ada}
    found = {name: signed_in(accounts.start_session(user, Device())) for name, user in people.items()}
    monitor = monitoring_tokens.issue("a-secret-of-the-tests", None, Device())
    return found | {"nobody": APIClient(), "monitoring": signed_in(monitor)}


@pytest.mark.parametrize(("method", "route"), MATRIX)
def test_role_by_endpoint_by_owner(method, route, ticket, clients, alice):
    message = services.attach_files(ticket.public_id, alice, [ContentFile(b"mine", "mine.txt")])
    path = route.replace("<ticket_id>", ticket.public_id).replace("<message_id>", message.public_id)
    path = filled(path).replace("<attachment_id>", message.attached[0]["id"])
    last = route.rpartition("/")[2]
    arguments = {} if method == "GET" else {"data": BODIES.get(last, {}), "format": "json"}
    answered = {}
    for who in WHO:
        if last in FORMS:
            arguments = {"data": FORMS[last](), "format": "multipart"}
        call = partial(getattr(clients[who], method.lower()), path, **arguments)
        answered[who] = status_of(call, ticket)
    assert answered == dict(zip(WHO, MATRIX[method, route], strict=True))


def status_of(call: Callable[[], Any], ticket: Ticket) -> int:
    """What the call changed is taken back, so that each role finds the same."""
    before = ticket.events.count()
    with transaction.atomic():
        answer, events = call(), ticket.events.count()
        transaction.set_rollback(True)
    if answer.status_code >= 400:
        assert {"error", "code", "request_id"} <= answer.json().keys()
        assert events == before
    return int(answer.status_code)


@pytest.mark.parametrize(("method", "route"), [row for row in MATRIX if row[0] != "GET"])
def test_a_monitoring_token_changes_nothing_anywhere(method, route, ticket, clients):
    if route in ("/api/auth/login", "/api/auth/verify-token", "/api/push/<token>"):
        return
    path = filled(route.replace("<ticket_id>", ticket.public_id))
    answer = getattr(clients["monitoring"], method.lower())(path, BODIES.get(route.rpartition("/")[2], {}))
    assert answer.status_code in (401, 403)
