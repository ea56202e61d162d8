"""The log of what staff do: complete, with where from, without texts, and nobody changes it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import access
from bot import moderation
from botconfig import cogs
from botconfig import services as config
from botconfig.models import BotPresence
from hazesite import events
from hazesite.audit.models import AppendOnly, AuditEntry
from hazesite.audit.services import forget_old_audit, record
from tickets import audit, services
from tickets.events import TicketMoved
from tickets.models import Webhook


def verbs() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))


def last() -> AuditEntry:
    return AuditEntry.objects.order_by("-pk")[0]


def test_what_staff_do_with_a_ticket_is_written_down(ticket, moira, ada, client_of):
    client = client_of(moira)
    path = f"/api/tickets/{ticket.public_id}"
    client.post(f"{path}/claim", HTTP_X_REQUEST_ID="a-request-of-mine")
    entry = last()
    assert (entry.actor, entry.verb, entry.object_type, entry.object_id) == (
        moira, "ticket.claimed", "ticket", ticket.public_id,
    )  # fmt: skip
    assert entry.before == {"status": "open", "claimed_by": None}
    assert entry.after == {"status": "claimed", "claimed_by": f"user:{moira.pk}"}
    assert (entry.door, entry.address, entry.request_id) == ("api", "127.0.0.1", "a-request-of-mine")

    client.post(f"{path}/assign", {"assigned_to": ada.user_id})
    client.patch(path, {"priority": "high", "tags": ["broken"]})
    assert (last().before, last().after) == (
        {"priority": "normal", "tags": []}, {"priority": "high", "tags": ["broken"]},
    )  # fmt: skip
    client.post(f"{path}/close", {"close_message": "All is well."})
    client.post(f"{path}/reopen")
    client_of(ada).delete(path)
    assert verbs() == [
        "ticket.claimed", "ticket.assigned", "ticket.updated", "ticket.closed", "ticket.reopened",
        "ticket.deleted",
    ]  # fmt: skip


def test_what_is_said_costs_the_log_nothing(ticket, alice, moira, client_of):
    for who in (alice, moira):
        client = client_of(who)
        assert client.post(f"/api/tickets/{ticket.public_id}/send", {"message": "Hello"}).status_code == 200
    client.post(f"/api/tickets/{ticket.public_id}/notes", {"message": "Hm"})
    assert verbs() == []


def test_a_message_of_staff_asks_the_database_nothing_more_for_it(ticket, moira, monkeypatch):
    services.post_message(ticket.public_id, moira, "The first, which prepares the statements")
    with CaptureQueriesContext(connection) as with_log:
        services.post_message(ticket.public_id, moira, "With the log")
    others = [heard for heard in events._subscribers[TicketMoved] if heard is not audit.ticket_moved]
    monkeypatch.setitem(events._subscribers, TicketMoved, others)
    with CaptureQueriesContext(connection) as without:
        services.post_message(ticket.public_id, moira, "Without it")
    assert len(with_log) == len(without) > 5


def test_what_members_do_with_their_own_is_no_deed_of_staff(ticket, alice):
    config.set_by_bot("tickets", {"owner_may_close": True})
    services.close_ticket(ticket.public_id, alice)
    services.reopen_ticket(ticket.public_id, alice)
    assert verbs() == []


def test_a_message_that_staff_took_away_is_named_and_not_quoted(ticket, alice, moira):
    message = services.post_message(ticket.public_id, alice, "Something unspeakable")
    own = services.post_message(ticket.public_id, moira, "Mine")
    services.delete_message(ticket.public_id, own.pk, moira)
    services.delete_message(ticket.public_id, message.pk, moira)
    [entry] = AuditEntry.objects.all()
    assert entry.before == {"message": message.public_id, "author": f"user:{alice.pk}"}


def test_what_is_refused_or_rolled_back_is_not_in_it(ticket, moira, ada, client_of):
    services.claim_ticket(ticket.public_id, moira)
    before = verbs()
    assert client_of(ada).post(f"/api/tickets/{ticket.public_id}/claim").status_code == 409

    def fail() -> None:
        with transaction.atomic():
            services.close_ticket(ticket.public_id, ada)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert verbs() == before
    with pytest.raises(RuntimeError, match="outside"), _no_transaction():
        record("ticket.claimed", "ticket", "x", actor_id=None)


class _no_transaction:  # noqa: N801 - reads as a statement
    def __enter__(self) -> None:
        self.was, connection.in_atomic_block = connection.in_atomic_block, False

    def __exit__(self, *_error: object) -> None:
        connection.in_atomic_block = self.was


def test_the_desks_tools_and_the_configuration_are_in_it(alice, moira, ada):
    services.block_user(alice.user_id, moira, reason="said things")
    services.unblock_user(alice.user_id, moira)
    services.save_canned_reply(moira, {"name": "hello", "content": "A text of ours"})
    services.save_canned_reply(moira, {"content": "Another text"}, "hello")
    services.delete_canned_reply(moira, "hello")
    config.change_section("general", {"bot_name": "Hazel"}, ada)
    assert last().before == {"bot_name": "Haze World Bot"}
    assert last().after == {"bot_name": "Hazel", "version": 1}
    config.reset_section("general", ada)
    assert verbs() == [
        "ticket_block.set", "ticket_block.lifted", "canned_reply.added", "canned_reply.changed",
        "canned_reply.deleted", "config.change", "config.reset",
    ]  # fmt: skip
    text = " ".join(str((entry.before, entry.after)) for entry in AuditEntry.objects.all())
    assert "text" not in text.replace("content", "")
    assert "said things" not in text


def test_webhooks_are_in_it_without_their_secrets(ada):
    url = "https://hooks.example/services/T0/very-private-part"
    webhook = services.store_webhook(ada, {"name": "Ours", "url": url})
    services.store_webhook(ada, {"enabled": False}, Webhook.objects.get())
    assert (last().before, last().after) == ({"enabled": True}, {"enabled": False})
    secret = services.renew_secret(ada, str(webhook.pk)).secret
    services.delete_webhook(ada, str(webhook.pk))
    assert verbs() == ["webhook.added", "webhook.changed", "webhook.secret_renewed", "webhook.deleted"]
    text = " ".join(str((entry.before, entry.after)) for entry in AuditEntry.objects.all())
    assert "hooks.example" in text
    assert "very-private-part" not in text
    assert secret not in text


def test_a_webhook_changed_in_the_admin_site_says_what_it_was(ada, client):
    webhook = services.store_webhook(ada, {"name": "Ours", "url": "https://93.184.216.34/hook"})
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    body = {"name": "Theirs", "url": webhook.url, "enabled": "on"}
    client.post(f"/admin/tickets/webhook/{webhook.pk}/change/", body)
    assert (last().before, last().after, last().door) == ({"name": "Ours"}, {"name": "Theirs"}, "admin")
    assert verbs().count("webhook.changed") == 1
    assert not any(verb == "admin.changed" for verb in verbs())


def test_parts_of_the_bot_and_moderation_are_in_it(ada, moira):
    BotPresence.objects.create(until=timezone.now() + timedelta(minutes=1), facts={"connected": True})
    cogs.ask("reload", {"cog_name": "welcome"}, ada)
    assert (last().verb, last().object_id, last().actor) == ("cog.reload", "welcome", ada)
    moderation.note("warn", moira, 4711, "somebody", "Be nice")
    assert (last().verb, last().actor, last().after) == ("discord.warn", moira, None)


def test_sign_ins_of_staff_at_the_admin_and_accounts_made_there(ada, client):
    client.post("/admin/login/", {"username": "ada", "password": "analytical-engine-1"})
    assert (last().verb, last().actor, last().door) == ("admin.login", ada, "admin")
    assert last().address == "127.0.0.1"
    form = {
        "username": "newcomer",
        "granted_role": "moderator",
        "is_active": "on",
        "new_password": "Zx9-kept-apart",
    }
    client.post("/admin/accounts/user/add/", form)
    assert (last().verb, last().after) == ("user.added", {"role": "moderator"})


def test_an_action_that_no_service_tells_of_is_in_it(ada, client):
    from hazesite.error_reports.models import ErrorReport

    report = ErrorReport.objects.create(
        fingerprint="f" * 32, exception="E", place="p", where="w", version="1", traceback=""
    )
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/admin/hazesite/errorreport/", {"action": "resolve", "_selected_action": [report.pk]})
    assert (last().verb, last().object_type, last().object_id) == (
        "admin.resolve", "hazesite.errorreport", str(report.pk),
    )  # fmt: skip


# --- nobody changes it -------------------------------------------------------
@pytest.fixture
def entry(db, ada) -> AuditEntry:
    with transaction.atomic():
        record("user.blocked", "user", 1, actor_id=ada.pk)
    return AuditEntry.objects.get()


def test_the_orm_refuses(entry):
    with pytest.raises(AppendOnly):
        entry.save()
    with pytest.raises(AppendOnly):
        entry.delete()
    with pytest.raises(AppendOnly):
        AuditEntry.objects.update(verb="x")
    with pytest.raises(AppendOnly):
        AuditEntry.objects.all().delete()
    with pytest.raises(AppendOnly):
        AuditEntry.objects.bulk_update([entry], ["verb"])


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE hazesite_auditentry SET verb = 'x'",
        "UPDATE hazesite_auditentry SET address = '192.0.2.1'",
        "UPDATE hazesite_auditentry SET address = NULL, actor_id = NULL",
        "DELETE FROM hazesite_auditentry",
    ],
)
def test_the_database_refuses_too(entry, sql):
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    assert AuditEntry.objects.get().verb == "user.blocked"


def test_an_address_may_go_and_nothing_else(entry):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE hazesite_auditentry SET address = NULL")
    assert AuditEntry.objects.get().actor == entry.actor


def test_what_is_old_goes_if_that_is_wanted(entry, ada, settings):
    AuditEntry.objects.create(verb="old", at=timezone.now() - timedelta(days=40), door="api")
    assert forget_old_audit() == 0
    settings.AUDIT_KEEP_DAYS = 30
    assert forget_old_audit() == 1
    assert verbs() == ["user.blocked"]
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry.objects.all().forget()


def test_the_admin_site_shows_it_and_offers_nothing(entry, ada, moira, client):
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    assert b"user.blocked" in client.get("/admin/hazesite/auditentry/").content
    assert client.get(f"/admin/hazesite/auditentry/{entry.pk}/change/").status_code == 200
    assert client.post(f"/admin/hazesite/auditentry/{entry.pk}/change/", {"verb": "x"}).status_code == 403
    assert client.post(f"/admin/hazesite/auditentry/{entry.pk}/delete/").status_code == 403
    client.force_login(moira, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/admin/hazesite/auditentry/").status_code == 403


# --- reading it --------------------------------------------------------------
def test_it_is_read_by_actor_verb_object_and_time(ticket, alice, moira, ada, client_of):
    services.claim_ticket(ticket.public_id, moira)
    services.assign_ticket(ticket.public_id, ada, moira.user_id)
    access.set_role(alice.user_id, ada, "moderator")
    client = client_of(ada)

    def found(query: str) -> list[str]:
        return [entry["verb"] for entry in client.get(f"/api/admin/audit?{query}").json()["entries"]]

    assert found("") == ["user.role_changed", "ticket.assigned", "ticket.claimed"]
    assert found(f"actor={moira.user_id}") == ["ticket.claimed"]
    assert found("actor=u0") == []
    assert found("verb=ticket.") == ["ticket.assigned", "ticket.claimed"]
    assert found("verb=ticket.claimed") == ["ticket.claimed"]
    assert found(f"object_type=ticket&object_id={ticket.public_id}&actor={ada.user_id}") == [
        "ticket.assigned"
    ]
    assert found(f"object_type=user&object_id={alice.user_id}") == ["user.role_changed"]
    hour = timedelta(hours=1)
    ago = (timezone.now() - hour).isoformat().replace("+", "%2B")
    assert len(found(f"since={ago}")) == 3
    assert found(f"until={ago}") == []
    assert client.get("/api/admin/audit?since=yesterday").status_code == 400
    first = client.get("/api/admin/audit?limit=2").json()
    second = client.get(f"/api/admin/audit?limit=2&cursor={first['next_cursor']}").json()
    assert [entry["verb"] for entry in second["entries"]] == ["ticket.claimed"]
    assert second["next_cursor"] is None


def test_an_entry_names_people_by_their_ids_and_a_page_costs_three_queries(
    ticket, alice, moira, ada, client_of, django_assert_num_queries
):
    services.assign_ticket(ticket.public_id, ada, moira.user_id)
    access.set_role(alice.user_id, ada, "moderator")
    for _ in range(20):
        services.assign_ticket(ticket.public_id, ada, None)
        services.assign_ticket(ticket.public_id, ada, moira.user_id)
    client = client_of(ada)
    with django_assert_num_queries(3):
        entries = client.get("/api/admin/audit").json()["entries"]
    assert entries[0]["after"] == {"assigned_to": moira.user_id}
    assert entries[0]["actor"] == {"user_id": ada.user_id, "user_name": "ada"}
    [role] = [entry for entry in entries if entry["verb"] == "user.role_changed"]
    assert role["object"] == {"type": "user", "id": alice.user_id}
