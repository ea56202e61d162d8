"""What each alert that is due has to say now, if anything: decided at the moment it goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hazesite.outgoing.models import Delivery
from hazesite.outgoing.transports import Ready, Retract, Verdict, Wait
from monitoring.alerts import wording
from monitoring.alerts.decisions import NOT_NEWS, Crowd, of_incident, of_slow_spell, of_storm
from monitoring.alerts.events import DOWN, FLAPPING, SETTLED, UP, WAS_DOWN
from monitoring.alerts.reading import Key, Reading, is_daily, key_of
from monitoring.alerts.wording import Message
from monitoring.models import Alert, Incident, NotificationChannel

TOLD = "told"
"""In a delivery's payload, in memory only, from check to settling: the `Alert`s that this makes."""
GONE, SWITCHED_OFF = Retract("It is gone."), Retract("The channel is switched off.")
TOLD_ALREADY = Retract("It was told already.")


@dataclass(frozen=True)
class Letter:
    """`also`: keys of the deliveries that are told with it."""

    channel: NotificationChannel
    message: Message
    also: tuple[int, ...] = ()


@dataclass(frozen=True)
class Said:
    """One message, the rows it settles, and the alerts that it makes."""

    message: Message
    rows: Sequence[Delivery]
    told: list[list[object]]


def alert(key: Key, event: str, thing: str) -> list[object]:
    return [*key, event, thing]


class Outlook:
    def __init__(self, deliveries: Sequence[Delivery], now: datetime) -> None:
        self.now = now
        self.read = Reading(deliveries, now)

    def verdict(self, row: Delivery) -> Verdict:
        channel = self.read.channels.get(int(row.target))
        if channel is None or key_of(row) not in self.read.subjects:
            return GONE
        if not channel.active:
            return SWITCHED_OFF
        if is_daily(row):
            return self._summary(row, channel)
        if self.read.is_damped(row):
            return self._settled(row, channel)
        said = self._said(row, channel)
        if isinstance(said, Retract):
            return said
        if self._is_flapping(row, channel):
            return self._flapping(row, channel)
        return self._storm(row, channel) or self._ready(row, channel, said)

    def _ready(self, row: Delivery, channel: NotificationChannel, said: Said) -> Ready:
        row.payload[TOLD] = said.told
        also = tuple(one.pk for one in said.rows if one.pk != row.pk)
        return Ready(Letter(channel, said.message, also))

    # --- one of them -------------------------------------------------------------
    def _said(self, row: Delivery, channel: NotificationChannel) -> Said | Retract:
        """What is to be said of its subject, together with all that waits about that."""
        if (channel.pk, row.thing) in self.read.things:
            return TOLD_ALREADY
        key = key_of(row)
        lane = [one for one in self.read.lane(row) if one.payload["event"] != SETTLED]
        group = [one for one in lane if key_of(one) == key]
        event = self._decide(key, {one.payload["event"] for one in group}, channel)
        if isinstance(event, Retract):
            return event
        message = wording.message(event, self.read.subjects[key], channel, row.thing)
        told = [alert(key, event if one.pk == row.pk else one.payload["event"], one.thing) for one in group]
        return Said(message, group, told)

    def _decide(self, key: Key, waiting: set[str], channel: NotificationChannel) -> str | Retract:
        subject, told = self.read.subjects[key], (channel.pk, key) in self.read.knows
        if isinstance(subject, Incident):
            resolved, acknowledged = subject.resolved_at is not None, subject.acknowledged_at is not None
            return of_incident(waiting, resolved=resolved, acknowledged=acknowledged, told=told)
        again = subject.monitor_id in self.read.still_slow
        return of_slow_spell(waiting, ended=subject.ended_at is not None, told=told, slow_again=again)

    # --- many of them ------------------------------------------------------------
    def _summary(self, row: Delivery, channel: NotificationChannel) -> Verdict:
        found = self._each(self.read.lane(row), channel)
        if not found:
            return NOT_NEWS
        return self._together(row, channel, wording.summary([one.message for one in found], row.thing), found)

    def _each(self, rows: Iterable[Delivery], channel: NotificationChannel) -> list[Said]:
        """What is to be said of each subject of these, oldest first."""
        found: dict[tuple[str, Key], Said | Retract] = {}
        for row in rows:
            place = row.lane, key_of(row)
            if place not in found and place[1] in self.read.subjects:
                found[place] = self._said(row, channel)
        return [said for said in found.values() if isinstance(said, Said)]

    def _together(
        self, row: Delivery, channel: NotificationChannel, message: Message, found: Sequence[Said]
    ) -> Ready:
        rows = [one for said in found for one in said.rows]
        told = [entry for said in found for entry in said.told]
        return self._ready(row, channel, Said(message, rows, told))

    def _storm(self, row: Delivery, channel: NotificationChannel) -> Verdict | None:
        """None: this one goes by itself."""
        if not channel.storm_alerts or not channel.storm_seconds:
            return None
        span = timedelta(seconds=channel.storm_seconds)
        rows = [one for one in self.read.rows if self._is_gathered(one, row, channel)]
        found = self._each(self.read.free(rows, row), channel)
        crowd = self._crowd(row, rows, span, len(found))
        decided = of_storm(crowd, channel.storm_alerts, span, self.now)
        if isinstance(decided, Wait):
            return decided
        if not decided:
            return None
        message = wording.digest([one.message for one in found], row.thing, channel.storm_seconds)
        return self._together(row, channel, message, found)

    def _crowd(self, row: Delivery, rows: Sequence[Delivery], span: timedelta, waiting: int) -> Crowd:
        return Crowd(
            sent=self.read.sent_since(row, self.now - span),
            flying=sum(1 for one in rows if one.drainer and one.pk != row.pk),
            waiting=waiting,
            is_first=not any(one.pk < row.pk and self._is_due(one) for one in rows),
        )

    def _is_due(self, one: Delivery) -> bool:
        return bool(one.drainer) or (one.next_try_at is not None and one.next_try_at <= self.now)

    def _is_gathered(self, one: Delivery, row: Delivery, channel: NotificationChannel) -> bool:
        if one.target != row.target or one.transport != row.transport or is_daily(one):
            return False
        return not self.read.is_damped(one) and not self._is_flapping(one, channel)

    # --- up and down, up and down ------------------------------------------------
    def _is_flapping(self, row: Delivery, channel: NotificationChannel) -> bool:
        if not channel.flap_changes or not channel.flap_minutes or "incident" not in row.payload:
            return False
        return len(self.read.changes(row, channel.flap_minutes)) >= channel.flap_changes

    def _flapping(self, row: Delivery, channel: NotificationChannel) -> Ready:
        """The one notice. Settled, it leaves a row that waits until the monitor has come to rest."""
        key = key_of(row)
        message = wording.message(FLAPPING, self.read.subjects[key], channel, row.thing)
        told = [alert(key, FLAPPING, f"incident:{key[1]}:{FLAPPING}")]
        return self._ready(row, channel, Said(message, self.read.of_incidents(row), told))

    def _settled(self, row: Delivery, channel: NotificationChannel) -> Verdict:
        """At rest: say how it is, if that is not what was said last."""
        minutes = channel.flap_minutes or 0
        if changes := self.read.changes(row, minutes):
            return Wait(max(changes) + timedelta(minutes=minutes))
        rows = self.read.of_incidents(row)
        also = tuple(one.pk for one in rows if one.pk != row.pk)
        incidents = Incident.objects.select_related("monitor").filter(monitor=row.payload["monitor"])
        down = incidents.filter(resolved_at=None).first()
        known = self._last_told(row, channel)
        if down is not None and known is not None:
            # Nothing new; but this is the incident whose end is to be told.
            row.payload[TOLD] = [_final(DOWN, down)]
            return Retract(NOT_NEWS.reason, also)
        event, about = (DOWN, down) if down is not None else (UP, known)
        if about is None:
            return Retract(NOT_NEWS.reason, also)
        said = Said(wording.message(event, about, channel, row.thing), rows, [_final(event, about)])
        return self._ready(row, channel, said)

    def _last_told(self, row: Delivery, channel: NotificationChannel) -> Incident | None:
        """The incident of which this channel believes that it goes on."""
        told = Alert.objects.filter(channel=channel, incident__monitor=row.payload["monitor"])
        last = told.exclude(event=FLAPPING).select_related("incident__monitor").order_by("-at", "-pk").first()
        return None if last is None or last.event in (UP, WAS_DOWN) else last.incident


def _final(event: str, incident: Incident) -> list[object]:
    return alert(("incident", incident.pk), event, f"incident:{incident.pk}:{event}")
