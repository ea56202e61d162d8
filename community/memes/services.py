"""Memes for people: from what the sources had lately, none twice for a while."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from botconfig.services import read_section
from community.errors import SourceTrouble, failed, slow
from community.memes import sources
from community.memes.models import Listing, Shown
from community.memes.sources import LEMMY, REDDIT, Meme, fingerprint
from community.shelf import Reading, Shelf
from hazesite.errors import Refused
from hazesite.housekeeping import chore

PERIOD = timedelta(minutes=15)
"""A source is asked at most once in it."""
STALE = timedelta(hours=2)
"""A listing up to this old is shown while a newer one is fetched."""
NOT_AGAIN = timedelta(hours=24)
KEEP_LISTINGS = timedelta(days=7)
MOST_KEPT = 300


class SourceOff(Refused):
    code = "source_off"
    message = gettext_lazy("This source is switched off in the configuration.")


@dataclass(frozen=True)
class Places:
    """A source with what is configured for it."""

    source: str
    names: list[str]

    @property
    def key(self) -> str:
        """Of its row: another configuration has another."""
        digest = hashlib.sha256("\n".join(self.names).encode()).hexdigest()[:16]
        return f"{self.source}:{digest}"


def _fetch(places: Places, before: Any) -> list[Meme]:
    """New memes, and behind them what was there before: communities of Lemmy take turns."""
    known: dict[str, Meme] = {}
    for meme in [*sources.ask(places.source, places.names), *(before or [])]:
        known.setdefault(fingerprint(meme), meme)
    return list(known.values())[:MOST_KEPT]


listings = Shelf(Listing, _fetch)


@dataclass(frozen=True)
class Wish:
    """What is asked for, as the configuration is at this moment: sources in the order they are tried."""

    places: list[Places]
    least_score: int


def wish(source: str | None = None) -> Wish:
    """Raises `SourceOff` for one that is switched off."""
    values = read_section("meme").values
    on = values["meme_sources"]
    if source is not None and source not in on:
        raise SourceOff(source=source)
    order = [source] if source else random.sample(on, len(on))
    names = {REDDIT: values["default_subreddits"], LEMMY: values["default_lemmy"]}
    return Wish([Places(one, names[one]) for one in order], values["min_score"])


def random_meme(user: User, wanted: Wish) -> Meme | None:
    """One this person has not seen lately. None while the sources are being asked.

    Raises `SourceTrouble` of the last source that failed where there is nothing, not even old memes.
    """
    return _shown(user, memes) if (memes := memes_of(wanted)) is not None else None


def memes_of(wanted: Wish, *, in_place: bool = False) -> list[Meme] | None:
    """Those of the first source that has any. None and raises as `random_meme`.

    `in_place` asks in the thread at hand.
    """
    look = listings.obtain if in_place else listings.ask
    readings: dict[str, Reading] = {}
    for one in wanted.places:
        reading = readings[one.source] = look(one.key, one, PERIOD)
        if not _is_too_old(reading) and (memes := _good(reading, wanted)):
            return memes
    if any(reading.pending for reading in readings.values()):
        return None
    for reading in readings.values():
        if memes := _good(reading, wanted):
            return memes
    raise _trouble(readings)


def _good(reading: Reading, wanted: Wish) -> list[Meme]:
    return [meme for meme in reading.value or [] if meme["score"] >= wanted.least_score]


def _is_too_old(reading: Reading) -> bool:
    return reading.fetched_at is None or reading.fetched_at < timezone.now() - STALE


def _trouble(readings: dict[str, Reading]) -> SourceTrouble:
    """Of all sources, each by its name."""
    found = [one.failure.refusal() if one.failure else _nothing(name) for name, one in readings.items()]
    if len(found) < 2:
        return found[0] if found else failed("memes", _("every source is switched off"))
    worst = max(found, key=lambda one: one.status)
    sentence, names = " ".join(str(one) for one in found), ", ".join(readings)
    return SourceTrouble(sentence, status=worst.status, code=worst.code, source=names)


def _nothing(source: str) -> SourceTrouble:
    return failed(source, _("it has no memes that fit"))


def too_late(wanted: Wish) -> SourceTrouble:
    return slow(", ".join(one.source for one in wanted.places) or "memes")


def _shown(user: User, memes: list[Meme]) -> Meme:
    """Of two requests at once each gets another one. When all were seen: the one seen longest ago."""
    by_name = {fingerprint(meme): meme for meme in memes}
    seen = dict(Shown.objects.filter(user=user, meme__in=by_name).values_list("meme", "at"))
    lately = timezone.now() - NOT_AGAIN
    fresh = [name for name in by_name if name not in seen or seen[name] < lately]
    for name in random.sample(fresh, min(len(fresh), 20)):
        if _take(user, name, name in seen):
            return by_name[name]
    oldest = min(seen, key=lambda name: seen[name]) if seen else random.choice(list(by_name))  # noqa: S311
    Shown.objects.filter(user=user, meme=oldest).update(at=timezone.now())
    return by_name[oldest]


def _take(user: User, name: str, known: bool) -> bool:
    if known:
        old = Shown.objects.filter(user=user, meme=name, at__lt=timezone.now() - NOT_AGAIN)
        return bool(old.update(at=timezone.now()))
    _row, made = Shown.objects.get_or_create(user=user, meme=name)
    return made


def without(memes: Iterable[Meme], names: set[str]) -> list[Meme]:
    return [meme for meme in memes if fingerprint(meme) not in names]


@chore
def forget_shown_memes() -> int:
    gone, _rows = Shown.objects.filter(at__lt=timezone.now() - NOT_AGAIN).delete()
    return gone


@chore
def forget_old_listings() -> int:
    """Of sources that are configured otherwise by now."""
    gone, _rows = Listing.objects.filter(fetched_at__lt=timezone.now() - KEEP_LISTINGS).delete()
    return gone
