"""The people of a schedule, on both sides, and what each of them knows to have said."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.bot.faults.schedule import APP, Deed
from tests.bot.town import JSON, Town

PATIENCE = 60.0


@dataclass
class Said:
    """A message somebody wrote and was told to be written; `key` is its id where it was written."""

    who: str
    text: str
    key: Any
    file: str = ""
    deleted: bool = False


@dataclass
class Ticket:
    town: Town
    ticket_id: str
    place: int
    said: list[Said] = field(default_factory=list)
    claims: int = 0

    def by(self, who: str) -> list[Said]:
        return [one for one in self.said if one.who == who and not one.deleted]


class Person:
    """One of the cast. `long` is how much a long text of theirs has at least."""

    long = 1200

    def __init__(self, town: Town, name: str, seed: int, tickets: list[Ticket]) -> None:
        self.town, self.name, self.seed, self.tickets = town, name, seed, tickets
        self.number = 0

    def live(self, deeds: Iterable[Deed], began: float) -> None:
        for deed in deeds:
            time.sleep(max(0.0, began + deed.at - time.monotonic()))
            ticket = self.tickets[deed.ticket]
            many = 5 if deed.verb == "burst" else 1
            for _ in range(many):
                self.do(deed, ticket)

    def do(self, deed: Deed, ticket: Ticket) -> None:
        mine = ticket.by(self.name)
        if deed.verb in ("edit", "delete") and mine:
            one = mine[deed.which % len(mine)]
            if deed.verb == "delete":
                self.delete(ticket, one)
                one.deleted = True
            elif not one.file:
                text = self.text(len(one.text) > self.long)
                self.edit(ticket, one, text)
                one.text = text
        elif deed.verb == "claim":
            self.claim(ticket)
        else:
            text, file = self.text(deed.verb == "long"), self.file() if deed.verb == "file" else ""
            key = self.write(ticket, text, file)
            ticket.said.append(Said(self.name, text, key, file))

    def text(self, long: bool = False) -> str:
        self.number += 1
        words = f"{self.name} {self.seed}-{self.number}"
        return " ".join([words] * (self.long // len(words) + 1)) if long else words

    def file(self) -> str:
        return f"{self.name}-{self.seed}-{self.number}.txt"

    def write(self, ticket: Ticket, text: str, file: str) -> Any:
        raise NotImplementedError

    def edit(self, ticket: Ticket, one: Said, text: str) -> None:
        raise NotImplementedError

    def delete(self, ticket: Ticket, one: Said) -> None:
        raise NotImplementedError

    def claim(self, ticket: Ticket) -> None:
        raise NotImplementedError


class InTheApp(Person):
    """What the site does not answer is asked again, under the same nonce."""

    long = 2600  # two messages in Discord

    def ask(self, method: str, path: str, **more: Any) -> JSON:
        """Until it is answered for good; a repetition that finds it done is as good."""
        deadline = time.monotonic() + PATIENCE
        client = self.town.client(self.name)
        tried = 0
        while True:
            tried += 1
            try:
                answer = client.request(method, path, **more)
                if answer.status_code < 500 and answer.status_code != 429:
                    done_before = tried > 1 and answer.status_code in (404, 409)
                    has_body = not done_before and answer.raise_for_status().content
                    return dict(answer.json()) if has_body else {}
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, f"{self.name} gets no answer from {path}"
            time.sleep(0.1)

    def write(self, ticket: Ticket, text: str, file: str) -> Any:
        path = f"/api/tickets/{ticket.ticket_id}"
        body = {"message": text, "client_nonce": f"{self.name}-{self.seed}-{self.number}"}
        if file:
            files = {"file": (file, f"contents of {file}".encode(), "text/plain")}
            answer = self.ask("POST", f"{path}/attachments", data=body, files=files)
        else:
            answer = self.ask("POST", f"{path}/send", json=body)
        return answer["message"]["id"]

    def edit(self, ticket: Ticket, one: Said, text: str) -> None:
        self.ask("PATCH", f"/api/tickets/{ticket.ticket_id}/messages/{one.key}", json={"message": text})

    def delete(self, ticket: Ticket, one: Said) -> None:
        self.ask("DELETE", f"/api/tickets/{ticket.ticket_id}/messages/{one.key}")

    def claim(self, ticket: Ticket) -> None:
        ticket.claims += 1
        verb = "claim" if ticket.claims % 2 else "unclaim"
        self.ask("POST", f"/api/tickets/{ticket.ticket_id}/{verb}")


class InDiscord(Person):
    """Discord itself never fails them: what they see there is what counts."""

    @property
    def id(self) -> int:
        return self.town.people[self.name]

    def write(self, ticket: Ticket, text: str, file: str) -> Any:
        contents = f"contents of {file}".encode()
        files = [{"filename": file, "content": contents}] if file else []
        return self.town.discord.people.write(self.id, ticket.place, text, attachments=files)

    def edit(self, ticket: Ticket, one: Said, text: str) -> None:
        self.town.discord.people.edit(self.id, one.key, text)

    def delete(self, ticket: Ticket, one: Said) -> None:
        self.town.discord.people.delete(self.id, one.key)


def person(town: Town, name: str, seed: int, tickets: list[Ticket]) -> Person:
    return (InTheApp if name in APP else InDiscord)(town, name, seed, tickets)
