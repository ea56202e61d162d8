"""After an erasure nothing of the person is left anywhere, and the conversations are whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from axes.models import AccessLog
from django.apps import apps
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts import access, erasing
from accounts import services as accounts
from accounts.errors import Erased, LastAdmin
from accounts.models import Erasure, User
from accounts.people import Profile, person_from_discord
from accounts.roles import Role
from accounts.services import Device
from bot.models import MirroredMessage
from bot.moderation import note
from botconfig.models import GuildMember
from community.rocketleague.models import Profile as Ranks
from community.rocketleague.models import RankUp
from community.rocketleague.services import link
from hazesite import personal_data
from hazesite.audit.models import AuditEntry
from hazesite.errors import Refused
from hazesite.jobs.models import Job
from hazesite.outgoing.models import Delivery
from notifications import services as notifications
from notifications.mail.models import MailAddress
from notifications.models import Notification
from tickets import services
from tickets.models import Message, StoredFile, Ticket, TicketEvent

NAME, DISCORD_ID, ADDRESS = "zelda-fitz", 987_654_321_012_345_678, "198.51.100.77"
WORDS = ("quincunx", "borborygmus", "floccinaucity", "tintinnabulum", "syzygetic", "limerence")
TRACES = [NAME, str(DISCORD_ID), ADDRESS, "198.51.100.78", *WORDS, "zelda-phone", "zelda-avatar"]


@pytest.fixture
def zelda(db) -> User:
    """Somebody of the guild whose words and traces are everywhere."""
    profile = Profile(DISCORD_ID, NAME, "https://cdn.discordapp.com/zelda-avatar.png", role_ids=[])
    GuildMember.objects.create(id=DISCORD_ID, name=NAME, display_name=NAME)
    return person_from_discord(profile)


@pytest.fixture
def lived(zelda, moira, ada, client) -> Ticket:
    """A ticket of hers, and all else that a life here leaves behind."""
    ticket = services.open_ticket(zelda, "A quincunx", "My borborygmus is back.")
    services.post_message(ticket.public_id, moira, f"Hello {NAME}! Does it hurt, @{NAME}?")
    said = services.post_message(ticket.public_id, zelda, "Some floccinaucity", nonce="tintinnabulum-1")
    services.edit_message(ticket.public_id, said.pk, zelda, "More floccinaucity")
    taken_back = services.post_message(ticket.public_id, zelda, "syzygetic")
    services.delete_message(ticket.public_id, taken_back.pk, zelda)
    services.attach_files(ticket.public_id, zelda, [ContentFile(b"limerence of mine", "limerence.txt")])
    services.add_note(ticket.public_id, moira, f"Ask <@{DISCORD_ID}> again.")
    other = services.open_ticket(zelda, "The quincunx again", "It is the same borborygmus.")
    services.merge_tickets(other.public_id, ticket.public_id, moira)
    services.close_ticket(ticket.public_id, moira)
    services.rate_ticket(ticket.public_id, zelda, 4, "A fine tintinnabulum")
    for index, message in enumerate(Message.objects.filter(author=zelda)):
        MirroredMessage.objects.create(message=message, discord_id=index + 1, text=message.content)
    note("warn", moira, DISCORD_ID, NAME, "for her syzygetic remarks")
    services.block_user(zelda.user_id, moira, reason="limerence")
    notifications.register_device(zelda, "zelda-phone-token", "android", info="zelda-phone")
    notifications.change_preferences(zelda, {"private": True})
    Notification.objects.create(user=zelda, kind="message", thing="x", facts={"title": "quincunx"})
    _elsewhere(zelda)
    _as_staff(zelda, ada, client)
    return ticket


def _elsewhere(zelda: User) -> None:
    MailAddress.objects.create(user=zelda, address="limerence@mail.example")
    Ranks.objects.create(key=link(zelda, "epic", "Borborygmus").player, value={"ranks": {}})
    rise = RankUp.objects.create(user=zelda, playlist="2v2", season=1, from_tier=7, to_tier=8)
    post = {"content": f"<@{DISCORD_ID}>", "embeds": []}
    Delivery.objects.create(transport="discord", target="channel:1", thing=f"rank-up:{rise.pk}", payload=post)


def _as_staff(zelda: User, ada: User, client) -> None:
    AccessLog.objects.create(username=NAME, ip_address=ADDRESS, user_agent="zelda-phone")  # axes is off here
    accounts.start_session(zelda, Device(ADDRESS, "Web", name="zelda-phone"))
    access.set_role(zelda.user_id, ada, Role.MODERATOR)
    zelda.refresh_from_db()
    zelda.set_password("a-password-of-hers-8")
    zelda.save()
    others = services.open_ticket(ada, "Of another", "A ticket of somebody else.")
    services.assign_ticket(others.public_id, ada, zelda.user_id)
    body = {"username": NAME, "password": "a-password-of-hers-8"}
    client.post("/admin/login/", body, REMOTE_ADDR="198.51.100.78")
    services.claim_ticket(others.public_id, zelda)
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    form = {
        "username": NAME,
        "granted_role": "moderator",
        "is_active": "on",
        "new_password": "Another-of-hers-9",
    }
    client.post(f"/admin/accounts/user/{zelda.pk}/change/", form)


@pytest.fixture(autouse=True)
def storage(settings, tmp_path: Path) -> None:
    """Of this test alone."""
    settings.MEDIA_ROOT = tmp_path / "uploads"


def everything() -> Iterator[tuple[str, str]]:
    """Every value of every column of every table, as text."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if (connection.vendor, table) == ("sqlite", "tickets_search"):
                continue  # cannot be scanned; the tables behind it and its list of words are
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                for value in row:
                    yield (
                        table,
                        value.decode("latin-1") if isinstance(value, (bytes, memoryview)) else str(value),
                    )


def found(word: str) -> set[str]:
    """The tables it is in. The index of SQLite keeps of a word only what differs from the one before it."""
    pieces = {"tickets_search_data": word[3:]} if word in WORDS else {}
    return {table for table, value in everything() if pieces.get(table, word) in value.lower()}


def files() -> list[bytes]:
    return [path.read_bytes() for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def erase(user: User, actor: User | None = None) -> Erasure:
    return erasing.run(erasing.begin_erasing(user, actor))


def test_the_life_leaves_traces_everywhere_before(lived):
    """Else the tests below would find nothing, and prove nothing."""
    tables = {table for word in TRACES for table in found(word)}
    assert {
        "accounts_user", "accounts_session", "tickets_ticket", "tickets_message", "tickets_attachment",
        "tickets_rating", "tickets_block", "tickets_ticketevent", "bot_mirroredmessage",
        "bot_moderationaction", "botconfig_guildmember", "notifications_device",
        "notifications_notification", "axes_accesslog", "django_admin_log", "hazesite_auditentry",
        "tickets_search_data" if connection.vendor == "sqlite" else "tickets_search",
    } <= tables, tables  # fmt: skip


def test_nothing_of_them_is_left_in_any_column_or_file(
    lived, zelda, ada, moira, django_capture_on_commit_callbacks
):
    held = files()
    assert any(b"limerence" in each for each in held)
    with django_capture_on_commit_callbacks(execute=True):
        erase(zelda, ada)
    assert {word: tables for word in TRACES if (tables := found(word))} == {}
    assert not any(b"limerence of mine" in each for each in files())
    for kind in ("html", "txt", "json"):
        with services.transcript(lived.public_id, moira, kind).file as file:
            text = file.read().decode()
        assert not [word for word in TRACES if word in text]
        assert "erased-" in text


def test_streams_keep_their_order_and_tombstones_stand_in_them(lived, zelda, ada, moira, client_of):
    lived.refresh_from_db()
    head = lived.last_seq
    erase(zelda, ada)
    lived.refresh_from_db()
    assert list(lived.events.values_list("seq", flat=True)) == list(range(1, lived.last_seq + 1))
    assert lived.last_seq > head
    told = lived.events.filter(seq__gt=head).values_list("type", "actor")
    assert set(told) == {("message_deleted", None), ("ticket_updated", None), ("message_edited", None)}
    shown = client_of(moira).get(f"/api/tickets/{lived.public_id}/messages").json()["messages"]
    assert {message["author_name"] for message in shown} == {"moira"}
    assert lived.message_count == lived.messages.filter(deleted_at=None, is_note=False).count() == 1
    alias = Erasure.objects.get().alias
    assert lived.messages.get(seq=3).content == f"Hello {alias}! Does it hurt, @{alias}?"


def test_a_client_that_knew_the_stream_learns_of_it_from_the_steps(lived, zelda, ada, moira, client_of):
    lived.refresh_from_db()
    client, head = client_of(moira), lived.last_seq
    erase(zelda, ada)
    events = client.get(f"/api/tickets/{lived.public_id}/events?after={head}").json()["events"]
    assert [event["prev_seq"] for event in events] == [event["seq"] - 1 for event in events]
    deleted = [event["data"] for event in events if event["type"] == "message_deleted"]
    assert deleted
    assert all(one["deleted"] and one["content"] == "" and one["attachments"] == [] for one in deleted)
    assert {"subject": "", "answers": []} in [event["data"] for event in events]


def test_their_steps_and_deeds_stay_under_a_pseudonym(lived, zelda, ada):
    steps = TicketEvent.objects.filter(actor=zelda).count()
    deeds = AuditEntry.objects.filter(actor=zelda).count()
    erasure = erase(zelda, ada)
    user = User.objects.get(pk=zelda.pk)
    assert (user.username, user.discord_id, user.is_active, user.role) == (
        erasure.alias,
        None,
        False,
        "lootling",
    )
    assert user.user_id != str(DISCORD_ID)
    assert TicketEvent.objects.filter(actor=zelda).count() == steps
    assert AuditEntry.objects.filter(actor=zelda).count() == deeds > 0
    assert not AuditEntry.objects.filter(actor=zelda, address__isnull=False).exists()
    claimed = TicketEvent.objects.get(type="ticket_claimed")
    assert claimed.facts["claimed_by"] == user.user_id
    verbs = (
        AuditEntry.objects.filter(verb__startswith="user.erasure")
        .order_by("pk")
        .values_list("verb", flat=True)
    )
    assert list(verbs) == ["user.erasure_begun", "user.erasure_finished"]


def test_it_can_be_done_again_and_go_on_where_it_broke_off(lived, zelda, ada, monkeypatch):
    erasure = erasing.begin_erasing(zelda, ada)
    accounts_part = personal_data.PARTS["accounts"]

    def broken(_trace: object) -> int:
        raise OSError

    tickets_part = personal_data.PARTS["tickets"]
    monkeypatch.setitem(
        personal_data.PARTS,
        "accounts",
        personal_data.Part("accounts", accounts_part.models, accounts_part.export, broken, turn=9),
    )
    with pytest.raises(OSError):
        erasing.run(erasure)
    counts = Erasure.objects.get().counts
    assert counts["tickets"] > 5
    monkeypatch.setitem(personal_data.PARTS, "accounts", accounts_part)
    erasing.run(erasure)
    assert (Erasure.objects.get().state, Erasure.objects.get().counts["tickets"]) == (
        "done",
        counts["tickets"],
    )
    rows = {label: _rows(label) for label in tickets_part.models}
    erasing.run(erasure)
    assert {label: _rows(label) for label in tickets_part.models} == rows
    with pytest.raises(Erased):
        erasing.begin_erasing(zelda, ada)


def _rows(label: str) -> list[tuple[object, ...]]:
    return list(apps.get_model(label)._default_manager.order_by("pk").values_list())


def test_they_are_shut_out_first_and_what_was_on_its_way_is_found(zelda, ada, ticket, client_of):
    client = client_of(zelda)
    stale = User.objects.get(pk=zelda.pk)
    erasure = erasing.begin_erasing(zelda, ada)
    assert client.get("/api/users/me").status_code == 401
    with pytest.raises(Refused):
        services.open_ticket(stale, "One more thing", "Before I am forgotten.")
    with pytest.raises(Erased):
        access.unblock_person(zelda.user_id, ada)
    erasing.run(erasure)
    later = Job.objects.filter(task="accounts.jobs.erase_in_portions").order_by("-run_after")[0]
    assert later.run_after > timezone.now()
    # A transaction that had begun before the block ends after the erasure.
    late = Message.objects.create(ticket=ticket, seq=3, author=zelda, content="limerence")
    Ticket.objects.filter(pk=ticket.pk).update(last_seq=3, last_public_seq=3, message_count=2)
    TicketEvent.objects.create(
        ticket=ticket, seq=3, previous_public_seq=2, type="new_message", actor=zelda, message=late
    )
    erasing.run(Erasure.objects.get(pk=later.args[0]))
    late.refresh_from_db()
    assert (late.content, late.deleted_at is None) == ("", False)


def test_a_file_that_somebody_else_sent_too_stays(
    zelda, alice, ticket, ada, django_capture_on_commit_callbacks
):
    mine = services.open_ticket(zelda, "With a file", "Which another has as well.")
    services.attach_files(mine.public_id, zelda, [ContentFile(b"the same to both", "a.txt")])
    kept = services.attach_files(ticket.public_id, alice, [ContentFile(b"the same to both", "b.txt")])
    with django_capture_on_commit_callbacks(execute=True):
        erase(zelda, ada)
    attachment = services.attachment_for(ticket.public_id, kept.attached[0]["id"], alice)
    assert services.open_attachment(attachment).read() == b"the same to both"
    assert StoredFile.objects.count() == 1


def test_many_words_go_in_portions(zelda, ada, monkeypatch):
    monkeypatch.setattr("tickets.services.erasing.PORTION", 3)
    ticket = services.open_ticket(zelda, "Much to say", "It goes on and on.")
    for number in range(10):
        services.post_message(ticket.public_id, zelda, f"borborygmus {number}")
    erasure = erase(zelda, ada)
    assert not Message.objects.filter(author=zelda).exclude(content="").exists()
    assert erasure.counts["tickets"] >= 11


def test_a_name_is_replaced_as_a_word_and_not_inside_of_others(ada, moira):
    al = User.objects.create_user("al", "al-is-a-short-name-1")
    ticket = services.open_ticket(al, "Something", "Something is the matter.")
    services.post_message(ticket.public_id, moira, "We also called al, and al. Not al-fredo.")
    alias = erase(al, ada).alias
    text = Message.objects.get(author=moira).content
    assert text == f"We also called {alias}, and {alias}. Not al-fredo."


def test_the_last_admin_is_not_erased(ada):
    for actor in (ada, None):
        with pytest.raises(LastAdmin):
            erasing.begin_erasing(ada, actor)
    ada.refresh_from_db()
    assert ada.is_active


# --- over HTTP ---------------------------------------------------------------
def test_an_admin_types_the_name_to_erase_somebody(alice, moira, ada, client_of):
    client, path = client_of(ada), f"/api/users/{alice.user_id}/erase"
    for body, status in (({}, 400), ({"confirm": "Alice"}, 409), ({"confirm": "alice", "sure": True}, 400)):
        assert client.post(path, body).status_code == status
    alice.refresh_from_db()
    assert (alice.is_active, Erasure.objects.count()) == (True, 0)
    assert client_of(moira).post(path, {"confirm": "alice"}).status_code == 404
    answer = client.post(path, {"confirm": "alice"})
    assert (answer.status_code, answer.json()["state"]) == (202, "running")
    again = client.post(path, {"confirm": "alice"}).json()
    assert again["erasure_id"] == answer.json()["erasure_id"]
    one = client.get(f"/api/admin/erasures/{again['erasure_id']}").json()
    assert (one["state"], one["agreed_by"], one["user_name"]) == ("running", ada.user_id, "alice")
    assert Job.objects.filter(task="accounts.jobs.erase_in_portions").count() == 1


def test_somebody_asks_to_be_erased_and_an_admin_agrees(alice, ada, client_of):
    path = f"/api/users/{alice.user_id}/erase"
    theirs = client_of(alice)
    asked = theirs.post(path, {"confirm": "alice"})
    assert (asked.status_code, asked.json()["state"]) == (202, "asked")
    assert theirs.post(path, {"confirm": "alice"}).json()["erasure_id"] == asked.json()["erasure_id"]
    assert theirs.get("/api/users/me").status_code == 200
    staff = client_of(ada)
    [listed] = staff.get("/api/admin/erasures").json()["erasures"]
    assert (listed["state"], listed["asked_by"]) == ("asked", alice.user_id)
    assert staff.post(path, {"confirm": "alice"}).json()["state"] == "running"
    assert theirs.get("/api/users/me").status_code == 401


def test_an_export_holds_what_was_left_behind(lived, zelda, ada, mallory, client_of):
    path = f"/api/users/{zelda.user_id}/export"
    assert client_of(mallory).get(path).status_code == 403
    answer = client_of(ada).get(path)
    body = b"".join(answer.streaming_content)
    told = json.loads(body)
    assert set(told) == {"exported_at", "user_id", *personal_data.PARTS}
    for word in (NAME, str(DISCORD_ID), ADDRESS, "quincunx", "floccinaucity", "zelda-phone-token"):
        assert word in body.decode()
    assert told["tickets"]["attachments"][0]["name"] == "limerence.txt"
    assert told["tickets"]["ratings"][0]["comment"] == "A fine tintinnabulum"
    assert "a-password-of-hers" not in body.decode()
    assert "argon2" not in body.decode()
    assert AuditEntry.objects.filter(verb="user.exported", actor=ada).count() == 1


def test_somebody_exports_their_own(alice, ticket, client_of):
    answer = client_of(alice).get(f"/api/users/{alice.user_id}/export")
    told = json.loads(b"".join(answer.streaming_content))
    assert [one["content"] for one in told["tickets"]["messages"]] == ["Since this morning nothing happens."]
    assert answer["Content-Disposition"].startswith("attachment")
    assert not AuditEntry.objects.exists()


# --- by command --------------------------------------------------------------
def test_the_commands_export_and_erase(lived, zelda, tmp_path, monkeypatch):
    out = StringIO()
    call_command("export_user", zelda.user_id, stdout=out)
    assert json.loads(out.getvalue())["accounts"]["account"][0]["username"] == NAME
    file = tmp_path / "zelda.json"
    call_command("export_user", zelda.user_id, "--output", str(file), stdout=StringIO())
    assert json.loads(file.read_text())["user_id"] == zelda.user_id
    assert file.stat().st_mode & 0o077 == 0
    for command in ("export_user", "erase_user"):
        with pytest.raises(CommandError, match="no user"):
            call_command(command, "u0")
    monkeypatch.setattr("builtins.input", lambda _question: "somebody else")
    with pytest.raises(CommandError, match="Nothing"):
        call_command("erase_user", zelda.user_id)
    assert User.objects.get(pk=zelda.pk).is_active
    call_command("erase_user", zelda.user_id, "--yes", stdout=StringIO())
    assert found(NAME) == set()
    entry = AuditEntry.objects.get(verb="user.erasure_begun")
    assert (entry.actor, entry.door) == (None, "command")
