"""The phones (and browsers) messages go to: what waits for them, what they show and when they ring."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.servers.fcm.accounts import Clock
from tests.servers.fcm.rules import LONGEST_TTL
from tests.servers.fcm.showing import Notice, app_notices, system_notices

PACKAGE = "com.example.haze"
MOST_WAITING = 100
"""More than these that do not collapse, and FCM drops all that wait."""
MOST_LINES = 10


class Platform(StrEnum):
    ANDROID = "android"
    IOS = "ios"
    WEB = "web"


class State(StrEnum):
    AWAKE = "awake"
    DOZING = "dozing"
    """Messages of normal priority wait."""
    OFFLINE = "offline"


@dataclass
class Delivery:
    """A message on its way to one phone."""

    name: str
    token: str
    at: float
    message: dict[str, Any]

    @property
    def collapse_key(self) -> str | None:
        """A message with a notification collapses even when it names no key."""
        given = self.message.get("android", {}).get("collapse_key")
        notifies = "notification" in self.message or "notification" in self.message.get("android", {})
        return given or (PACKAGE if notifies else None)

    @property
    def urgent(self) -> bool:
        default = "high" if "notification" in self.message else "normal"
        return self.message.get("android", {}).get("priority", default).lower() == "high"

    @property
    def expires_at(self) -> float:
        ttl = self.message.get("android", {}).get("ttl")
        return self.at + (LONGEST_TTL if ttl is None else int(float(ttl[:-1])))


@dataclass
class Shown:
    """A notification in the tray. `lines` are its texts, as one of the app's own gathers them."""

    tag: str
    title: str
    body: str
    lines: list[str]
    at: float
    by: str
    """system (FCM's own library, from a notification block) or app (from data)."""


@dataclass
class Phone:
    token: str
    fid: str
    platform: Platform
    clock: Clock
    state: State = State.AWAKE
    topics: set[str] = field(default_factory=set)
    waiting: list[Delivery] = field(default_factory=list)
    received: list[Delivery] = field(default_factory=list)
    tray: dict[str, Shown] = field(default_factory=dict)
    rings: list[Shown] = field(default_factory=list)
    lost: bool = False
    """FCM dropped what waited: the app is told that it missed something, not what."""

    def push(self, delivery: Delivery) -> None:
        if self.reachable(delivery):
            self.receive(delivery)
        elif delivery.expires_at > delivery.at:
            self.keep(delivery)

    def reachable(self, delivery: Delivery) -> bool:
        return self.state is State.AWAKE or (self.state is State.DOZING and delivery.urgent)

    def keep(self, delivery: Delivery) -> None:
        key = self.collapse_key(delivery)
        self.waiting = [each for each in self.waiting if key is None or self.collapse_key(each) != key]
        self.waiting.append(delivery)
        if sum(self.collapse_key(each) is None for each in self.waiting) > MOST_WAITING:
            self.waiting.clear()
            self.lost = True

    def collapse_key(self, delivery: Delivery) -> str | None:
        if self.platform is Platform.IOS:
            return apns_collapse_id(delivery.message)
        return delivery.collapse_key if self.platform is Platform.ANDROID else None

    def become(self, state: State) -> None:
        """What waited and has not expired comes, oldest first, as far as the phone is reachable now."""
        self.state = state
        waiting, self.waiting = self.waiting, []
        for delivery in waiting:
            if not self.reachable(delivery):
                self.waiting.append(delivery)
            elif delivery.expires_at > self.clock.now():
                self.receive(delivery)

    def receive(self, delivery: Delivery) -> None:
        self.received.append(delivery)
        for notice in self.notices(delivery.message):
            self.show(notice)

    def notices(self, message: dict[str, Any]) -> Iterator[Notice]:
        yield from system_notices(self.platform, message)
        if self.platform is Platform.ANDROID:
            yield from app_notices(message)

    def show(self, notice: Notice) -> None:
        tag = notice.tag or f"untagged-{secrets.token_hex(8)}"
        before = self.tray.pop(tag, None)
        lines = [*(before.lines if before and notice.gathers else []), notice.body][-MOST_LINES:]
        shown = Shown(tag, notice.title, notice.body, lines, self.clock.now(), notice.by)
        self.tray[tag] = shown
        if notice.rings and not (before and notice.quiet_again):
            self.rings.append(shown)


def apns_collapse_id(message: dict[str, Any]) -> str | None:
    headers: dict[str, str] = message.get("apns", {}).get("headers", {})
    return next((value for name, value in headers.items() if name.lower() == "apns-collapse-id"), None)


class Phones:
    """All that ever registered; those that are gone are known no more by their token."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.by_token: dict[str, Phone] = {}
        self.by_fid: dict[str, Phone] = {}
        self.gone: set[str] = set()

    def register(self, platform: str = "android", token: str | None = None) -> Phone:
        """Raises ValueError for a token that is taken."""
        fid = secrets.token_urlsafe(16)
        token = token or f"{fid}:APA91b{secrets.token_urlsafe(100)}"
        if token in self.by_token:
            raise ValueError(f"The token {token} is taken.")
        phone = Phone(token, fid, Platform(platform), self.clock)
        self.gone.discard(token)
        self.by_token[token] = self.by_fid[fid] = phone
        return phone

    def remove(self, token: str) -> Phone:
        """Raises KeyError."""
        phone = self.by_token.pop(token)
        del self.by_fid[phone.fid]
        self.gone.add(token)
        return phone

    def rotate(self, token: str) -> str:
        """The phone gets a new token, the old one is dead. Raises KeyError."""
        phone = self.remove(token)
        phone.token = f"{phone.fid}:APA91b{secrets.token_urlsafe(100)}"
        self.by_token[phone.token] = self.by_fid[phone.fid] = phone
        return phone.token
