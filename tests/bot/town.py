"""A whole community for tests: a site, a bot in its own process, and a Discord; each can fail."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.servers.discord import DiscordServer
from tests.servers.discord.community import Portal
from tests.serving import ROOT, Server

JSON = dict[str, Any]
SEND_MESSAGES = 1 << 11


@dataclass
class BotProcess:
    site: Server
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return (self.site.data / "bot.out").read_text(errors="replace")

    def start(self) -> BotProcess:
        with (self.site.data / "bot.out").open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "runbot"],
                env=self.site.surroundings(),
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def kill(self) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """The exit code after SIGTERM."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


@dataclass
class Town:
    discord: DiscordServer
    site: Server
    bot: BotProcess
    roles: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    clients: dict[str, httpx.Client] = field(default_factory=dict)

    def wait(self, until: Callable[[], Any], seconds: float = 15) -> Any:
        """What `until` gives once it is true; the bot's log when it does not come to that."""
        deadline = time.monotonic() + seconds
        while not (result := until()):
            if time.monotonic() > deadline:
                raise AssertionError(f"it did not come to pass\n{self.bot.log[-6000:]}")
            time.sleep(0.02)
        return result

    def client(self, name: str) -> httpx.Client:
        """REST, signed in at the site."""
        if name not in self.clients:
            self.clients[name] = self.site.client(name)
        return self.clients[name]

    def works(self) -> bool:
        """Whether the bot has done what it does first in a session."""
        return bool(self.client("ada").get("/api/admin/stats").json()["bot_online"])

    # --- what is there -------------------------------------------------------
    def connected(self) -> bool:
        """Whether the bot is in its work: commands are known and it stands in the gateway."""
        return bool(self.discord.operations.gateway_state()["connected"])

    def bot_is_member(self) -> bool:
        return self.discord.community.bot.id in self.discord.community.members

    def place_of(self, ticket_num: int) -> JSON | None:
        """The ticket's channel or thread in Discord."""
        name = f"ticket-{ticket_num:04}"
        channels = self.discord.people.dump()["channels"]
        return next((one for one in channels if one["name"] == name), None)

    def place(self, ticket_num: int, seconds: float = 15) -> JSON:
        """Once the message with the buttons stands in it."""

        def usable() -> JSON | None:
            found = self.place_of(ticket_num)
            return found if found and any(one["components"] for one in found["messages"]) else None

        found: JSON = self.wait(usable, seconds)
        return found

    def said(self, channel: int) -> list[tuple[str, str]]:
        """Who said what there: people and webhooks, without the bot's own lines."""
        messages = self.discord.people.messages(channel)
        return [
            (one["author"], one["content"])
            for one in messages
            if one["webhook_id"] or one["author_id"] in self.people.values()
        ]

    def lines(self, channel: int) -> list[str]:
        """What the bot says of itself."""
        messages = self.discord.people.messages(channel)
        humans = self.people.values()
        return [
            one["content"] for one in messages if not one["webhook_id"] and one["author_id"] not in humans
        ]

    def panel(self, channel: int) -> JSON:
        found: JSON = next(one for one in self.discord.people.messages(channel) if one["components"])
        return found

    def told(self, ticket_id: str, name: str = "moira") -> list[tuple[str, str]]:
        """Who said what in the ticket at the site."""
        body = self.client(name).get(f"/api/tickets/{ticket_id}/messages", params={"limit": 200}).json()
        return [(one["author_name"], one["content"]) for one in body["messages"]]

    def types(self, place: int) -> list[int]:
        """Who was typing there, in order: people, and the bot for those at the site."""
        return [person for person, channel, _at in self.discord.community.typed if channel == place]

    def send(self, name: str, ticket_id: str, text: str, **more: Any) -> JSON:
        body = {"message": text, **more}
        answer = self.client(name).post(f"/api/tickets/{ticket_id}/send", json=body)
        message: JSON = answer.raise_for_status().json()["message"]
        return message

    # --- what people do in Discord -------------------------------------------
    def button(self, person: int, channel: int, verb: str, ticket_id: str) -> int:
        message = self.panel(channel)
        return int(self.discord.interface.click(person, message["id"], f"ticket:{verb}:{ticket_id}"))

    def answer(self, interaction: int, seconds: float = 10) -> JSON:
        """What came of an interaction, once it was answered for good."""

        def done() -> JSON | None:
            found = self.discord.interface.interaction(interaction)
            message = found["message"]
            settled = found["modal"] or found["followups"] or (message and not message["loading"])
            return found if settled else None

        found: JSON = self.wait(done, seconds)
        return found

    def words(self, interaction: int) -> str:
        found = self.answer(interaction)
        message = found["followups"][-1] if found["followups"] else found["message"]
        return str(message["content"])

    def fields(self, interaction: int) -> list[str]:
        """The custom ids of the modal that was shown."""
        modal = self.answer(interaction)["modal"]
        assert modal
        return _custom_ids(modal["components"])

    def may_write(self, person: int, channel: int) -> bool:
        return bool(self.discord.people.may(person, channel) & SEND_MESSAGES)

    def mirror_is_nowhere(self, ticket_id: str) -> bool:
        """Whether the bot has noticed that the ticket's channel is gone."""
        answer = self.client("moira").get(f"/api/tickets/{ticket_id}/discord").raise_for_status()
        return answer.json()["channel_id"] is None

    def open_in_discord(self, person: int, subject: str, description: str) -> JSON:
        """With the slash command and its modal; the ticket as staff of the site see it."""
        command = self.discord.interface.slash(person, self.discord.general_id, "ticket open")
        values = dict(zip(self.fields(command), (subject, description), strict=True))
        self.discord.interface.submit(person, command, values)

        def there() -> JSON | None:
            tickets = self.client("moira").get("/api/tickets").json()["tickets"]
            return next((one for one in tickets if one["subject"] == subject), None)

        found: JSON = self.wait(there)
        return found


def _custom_ids(components: list[JSON]) -> list[str]:
    found = []
    for one in components:
        if "custom_id" in one:
            found.append(one["custom_id"])
        inner = one.get("components") or ([one["component"]] if one.get("component") else [])
        found += _custom_ids(inner)
    return found


@contextmanager
def town(data: Path, **environment: str) -> Iterator[Town]:
    """Everything running, with a member `nora` and a moderator `max` in Discord."""
    discord = DiscordServer(portal=Portal()).start()
    admins, moderators = discord.people.make_role("Admin"), discord.people.make_role("Moderator")
    site = Server(
        data,
        command=("web",),
        environment={
            "DISCORD_TOKEN": discord.token,
            "DISCORD_GUILD_ID": str(discord.guild_id),
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "ADMIN_ROLE_ID": str(admins),
            "MODERATOR_ROLE_ID": str(moderators),
            **environment,
        },
    )
    site.prepare()
    bot = BotProcess(site)
    made = Town(discord, site, bot, {"admin": admins, "moderator": moderators})
    made.people = {
        "nora": discord.people.make_member("nora"),
        "max": discord.people.make_member("max", roles=[moderators]),
        "root": discord.people.make_member("root", roles=[admins]),
    }
    try:
        site.start()
        bot.start()
        made.wait(made.connected, 30)
        made.wait(made.works, 30)
        yield made
    finally:
        if bot.process is not None and bot.process.poll() is None:
            bot.stop()
        site.stop()
        for client in made.clients.values():
            client.close()
        discord.stop()
