"""A whole ticket between Discord and the site, as both sides see it.

    .venv/bin/python -m docs.a_ticket_in_discord

starts a site, the bot and a Discord on this machine, and ends them afterwards. Nothing outside is asked.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import httpx

from tests.bot.town import JSON, Town, town
from tests.serving import PASSWORDS


class Story:
    """`nora` is a member in Discord, `moira` a moderator with the app, `ada` an admin in the Django admin."""

    def __init__(self, made: Town) -> None:
        self.town, self.nora = made, made.people["nora"]

    def tell(self) -> None:
        ticket = self.opened_by_button()
        place = self.town.place(ticket["ticket_num"])["id"]
        self.town.wait(lambda: self.town.said(place))
        self.show("nora opened it by the button in Discord", ticket, place)

        self.town.send("moira", ticket["ticket_id"], "Which version do you have?")
        self.town.wait(lambda: len(self.town.said(place)) == 2)
        self.show("moira answered from the app", ticket, place)

        message = self.town.discord.people.write(self.nora, place, "Version 1.3")
        self.town.wait(lambda: len(self.town.told(ticket["ticket_id"])) == 3)
        self.town.discord.people.edit(self.nora, message, "Version 1.4, sorry")
        self.town.wait(lambda: self.town.told(ticket["ticket_id"])[-1][1] == "Version 1.4, sorry")
        self.show("nora answered in Discord and changed her words there", ticket, place)

        self.closed_from_the_admin(ticket)
        self.town.wait(lambda: not self.town.may_write(self.nora, place))
        self.show("ada closed it from the admin: nora reads on and writes no more", ticket, place)

    def opened_by_button(self) -> JSON:
        discord = self.town.discord
        general = discord.general_id
        discord.interface.slash(self.town.people["root"], general, "ticket panel")

        def shown() -> list[JSON]:
            return [one for one in discord.people.messages(general) if one["components"]]

        panel = self.town.wait(shown)[-1]
        [button] = [one for row in panel["components"] for one in row["components"]]
        click = discord.interface.click(self.nora, panel["id"], button["custom_id"])
        words = ("It does not start", "Since the update it ends at once.")
        values = dict(zip(self.town.fields(click), words, strict=True))
        discord.interface.submit(self.nora, click, values)
        found = self.town.wait(lambda: self.town.client("moira").get("/api/tickets").json()["tickets"])
        return dict(found[0])

    def closed_from_the_admin(self, ticket: JSON) -> None:
        with httpx.Client(base_url=self.town.site.url, follow_redirects=True) as browser:
            body = {"username": "ada", "password": PASSWORDS["ada"], "next": "/admin/"}
            _post(browser, "/admin/login/", body)
            listed = browser.get("/admin/tickets/ticket/").text
            pages = re.findall(r"/admin/tickets/ticket/(\d+)/", listed)
            _post(browser, f"/admin/tickets/ticket/{pages[0]}/do/close/", {})
        self.town.wait(lambda: self._state(ticket) == "closed")

    def _state(self, ticket: JSON) -> str:
        return str(self.town.client("moira").get(f"/api/tickets/{ticket['ticket_id']}").json()["status"])

    def show(self, title: str, ticket: JSON, place: int) -> None:
        print(f"\n== {title}\n   the site ({self._state(ticket)}):")
        for name, text in self.town.told(ticket["ticket_id"]):
            print(f"      {name}: {text}")
        print("   the channel in Discord:")
        for one in self.town.discord.people.messages(place):
            shown = one["content"] or f"[{one['embeds'][0]['title']}]"
            print(f"      {one['author']}{' (the bot)' if self._is_bot(one) else ''}: {shown}")

    def _is_bot(self, message: JSON) -> bool:
        return not message["webhook_id"] and message["author_id"] not in self.town.people.values()


def _post(browser: httpx.Client, path: str, body: dict[str, str]) -> None:
    browser.get("/admin/login/")
    token = browser.cookies["csrftoken"]
    browser.post(path, data={**body, "csrfmiddlewaretoken": token}).raise_for_status()


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, town(Path(folder)) as made:
        Story(made).tell()
    return 0


if __name__ == "__main__":
    sys.exit(main())
