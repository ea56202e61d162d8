"""Moderators act on members; nobody is lifted above the staff by going through the bot."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from django.conf import settings
from django.urls import reverse

from accounts.models import User
from bot import moderation
from bot.models import ModerationAction
from botconfig.models import GuildMember
from botconfig.services import set_by_bot
from hazesite.errors import NotAllowed
from hazesite.realtime.database import db_call
from tests.servers.discord.permissions import Permission

MODERATORS = 2**60


@pytest.fixture
def roles(settings):
    settings.MODERATOR_ROLE_ID = MODERATORS


@pytest.mark.django_db
@pytest.mark.parametrize(
    "granted, held, is_staff", [("", [], False), ("", [MODERATORS], True), ("admin", [], True)]
)
def test_moderators_do_not_reach_staff_and_admins_do(roles, moira, ada, granted, held, is_staff):
    if granted:
        User.objects.create(username="other", user_id="5", discord_id=5, granted_role=granted, password="!")
    expected = pytest.raises(NotAllowed) if is_staff else contextlib.nullcontext()
    with expected:
        moderation.refuse_beyond_reach(moira, 5, held)
    moderation.refuse_beyond_reach(ada, 5, held)


@pytest.mark.django_db
def test_deeds_are_shown_in_the_admin_and_stay_as_they_are(client, moira, alice):
    deed = moderation.note("warn", moira, 5, "nora", "noise in #general")
    client.force_login(moira, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("admin:bot_moderationaction_changelist"), {"q": "nora"})
    assert "noise in #general" in page.content.decode()
    change = reverse("admin:bot_moderationaction_change", args=[deed.pk])
    assert client.get(change).status_code == 200
    assert client.post(change, {"detail": "nothing"}).status_code == 403
    assert client.post(reverse("admin:bot_moderationaction_delete", args=[deed.pk])).status_code == 403
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(change).status_code == 302


# --- the real bot at the loopback Discord -----------------------------------------
@pytest.fixture
def discord_server(discord_server, settings):
    settings.MODERATOR_ROLE_ID = discord_server.people.make_role("Moderator")
    return discord_server


def staff(discord_server, name="max"):
    return discord_server.people.make_member(name, roles=[settings.MODERATOR_ROLE_ID])


async def words(discord_server, used):
    def answer():
        found = discord_server.interface.interaction(used)
        message = found["followups"][-1] if found["followups"] else found["message"]
        return message and not message.get("loading") and message["content"]

    return await discord_server.eventually(answer)


@pytest.mark.django_db(transaction=True)
async def test_through_the_bot(discord_server, bot):
    people, interface, general = discord_server.people, discord_server.interface, discord_server.general_id
    first, second, nora = staff(discord_server), staff(discord_server, "mia"), people.make_member("nora")
    used = interface.slash(first, general, "timeout", {"member": second, "minutes": 5, "reason": "noise"})
    assert "Only admins" in await words(discord_server, used)
    used = interface.slash(first, general, "timeout", {"member": nora, "minutes": 5, "reason": "noise"})
    assert "silent for 5 minutes" in await words(discord_server, used)
    zoe = people.make_member("zoe", roles=[people.make_role("Helper", Permission.MANAGE_MESSAGES)])
    used = interface.slash(zoe, general, "timeout", {"member": zoe, "minutes": 5, "reason": "noise"})
    assert "may not" in await words(discord_server, used)
    deeds = await db_call(lambda: list(ModerationAction.objects.values_list("kind", "member_id", "detail")))
    assert deeds == [("timeout", nora, "5 min: noise")]


@pytest.mark.django_db(transaction=True)
async def test_a_log_channel_that_cannot_be_written_in_undoes_nothing(discord_server, bot):
    people, interface = discord_server.people, discord_server.interface
    log, nora = people.make_channel("log"), people.make_member("nora")
    await db_call(set_by_bot, "channels", {"log_channel_id": str(log)})
    discord_server.operations.fault("POST", rf"^/channels/{log}/messages", status=403, times=None)
    moderator = staff(discord_server)
    used = interface.slash(moderator, discord_server.general_id, "warn", {"member": nora, "reason": "noise"})
    assert await words(discord_server, used) == "Warned."
    assert await db_call(ModerationAction.objects.count) == 1


@pytest.mark.django_db(transaction=True)
async def test_members_are_kept_as_rows_from_the_first_look_on(discord_server, bot):
    people = discord_server.people
    moderator = staff(discord_server)

    async def rows():
        return await db_call(lambda: dict(GuildMember.objects.values_list("id", "display_name")))

    async def become(expected):
        async with asyncio.timeout(10):
            while (await rows()).get(moderator) != expected:
                await asyncio.sleep(0.02)

    await become("max")
    people.rename_person(moderator, "Maximilian")
    await become("Maximilian")
    people.leave(moderator)
    await become(None)
