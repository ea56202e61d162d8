"""What each alert that is due has to say now, if anything: read from the rows at the moment it goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.db.models import Q

from hazesite.outgoing.models import Delivery
from hazesite.outgoing.transports import Ready, Retract, Verdict, Wait
from monitoring.alerts import wording
from monitoring.alerts.decisions import NOT_NEWS, of_incident, of_slow_spell
from monitoring.alerts.events import DOWN, FLAPPING, SETTLED, UP
from monitoring.alerts.wording import Message
from monitoring.models import Alert, Incident, NotificationChannel, SlowSpell

Subject = Incident | SlowSpell
Key = tuple[str, int]
"""Kind and primary key of what an alert is about."""
TOLD = "told"
"""In a delivery's payload, in memory only, from check to settling: the `Alert`s that this makes."""
GONE, SWITCHED_OFF = Retract("It is gone."), Retract("The channel is switched off.")
TOLD_ALREADY = Retract("It was told already.")
SOON = timedelta(seconds=2)


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


def key_of(row: Delivery) -> Key:
    kind = "incident" if "incident" in row.payload else "slow"
    return kind, int(row.payload[kind])


def alert(kind: str, key: int, event: str, thing: str) -> list[object]:
    return [kind, key, event, thing]


class Outlook:
    """Some eight queries, however many deliveries; all of them of one transport."""

    def __init__(self, deliveries: Sequence[Delivery], now: datetime) -> None:
        self.now = now
        self.deliveries = deliveries
        self.channels = NotificationChannel.objects.in_bulk({int(one.target) for one in deliveries})
        self.rows = self._rows()
        keys = {key_of(row) for row in self.rows}
        self.subjects: dict[Key, Subject] = {}
        for kind, model in (("incident", Incident), ("slow", SlowSpell)):
            found = {key for what, key in keys if what == kind}
            rows = model.objects.select_related("monitor").filter(pk__in=found) if found else ()
            self.subjects |= {(kind, row.pk): row for row in rows}
        self._read_alerts(keys)

    def _rows(self) -> list[Delivery]:
        """These, and whatever waits behind them or may be told with them, in order."""
        first = self.deliveries[0]
        stormy = [str(one.pk) for one in self.channels.values() if one.storm_alerts]
        lanes = {one.lane for one in self.deliveries}
        waiting = Delivery.objects.waiting()
        found = {row.pk: row for row in waiting.filter(lane__in=lanes)}
        if stormy:
            together = waiting.filter(transport=first.transport, target__in=stormy)
            found |= {row.pk: row for row in together}
        found |= {one.pk: one for one in self.deliveries}
        return [found[key] for key in sorted(found)]

    def _read_alerts(self, keys: set[Key]) -> None:
        incidents = {key for kind, key in keys if kind == "incident"}
        spells = {key for kind, key in keys if kind == "slow"}
        about = Q(incident__in=incidents) | Q(slow_spell__in=spells)
        rows = Alert.objects.filter(about, channel__in=self.channels).exclude(event=FLAPPING)
        self._things: set[tuple[int, str]] = set()
        self._told: set[tuple[int, Key]] = set()
        for channel, incident, spell, thing in rows.values_list("channel", "incident", "slow_spell", "thing"):
            self._things.add((channel, thing))
            self._told.add((channel, ("incident", incident) if incident else ("slow", spell)))

    @cached_property
    def _changes(self) -> dict[int, list[datetime]]:
        """By monitor, when it went down or up within the longest time that counts for flapping."""
        damped = [one for one in self.channels.values() if one.flap_changes and one.flap_minutes]
        if not damped:
            return {}
        since = self.now - timedelta(minutes=max(one.flap_minutes or 0 for one in damped))
        monitors = {row.payload["monitor"] for row in self.rows}
        rows = Incident.objects.filter(
            Q(confirmed_at__gt=since) | Q(resolved_at__gt=since), monitor__in=monitors
        )
        found: dict[int, list[datetime]] = {key: [] for key in monitors}
        for monitor, down, up in rows.values_list("monitor", "confirmed_at", "resolved_at"):
            found[monitor] += [moment for moment in (down, up) if moment and moment > since]
        return found

    @cached_property
    def _still_slow(self) -> set[int]:
        monitors = {row.payload["monitor"] for row in self.rows if "slow" in row.payload}
        rows = SlowSpell.objects.filter(monitor__in=monitors, ended_at=None) if monitors else ()
        return {spell.monitor_id for spell in rows}

    # --- one of them -------------------------------------------------------------
    def verdict(self, row: Delivery) -> Verdict:
        channel = self.channels.get(int(row.target))
        if channel is None or key_of(row) not in self.subjects:
            return GONE
        if not channel.active:
            return SWITCHED_OFF
        if row.lane.startswith("summary:"):
            return self._summary(row, channel)
        if self._is_damped(row):
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

    def _free(self, rows: Iterable[Delivery], row: Delivery) -> list[Delivery]:
        """This one, and those of them that nobody is sending at this moment."""
        return [one for one in rows if one.pk == row.pk or not one.drainer]

    def _lane(self, row: Delivery) -> list[Delivery]:
        return self._free((one for one in self.rows if one.lane == row.lane), row)

    def _said(self, row: Delivery, channel: NotificationChannel) -> Said | Retract:
        """What is to be said of its subject, together with all that waits about that."""
        if (channel.pk, row.thing) in self._things:
            return TOLD_ALREADY
        key = key_of(row)
        group = [one for one in self._lane(row) if key_of(one) == key and one.payload["event"] != SETTLED]
        event = self._decide(key, {one.payload["event"] for one in group}, channel)
        if isinstance(event, Retract):
            return event
        message = wording.message(event, self.subjects[key], channel, row.thing)
        told = [alert(*key, event if one.pk == row.pk else one.payload["event"], one.thing) for one in group]
        return Said(message, group, told)

    def _decide(self, key: Key, waiting: set[str], channel: NotificationChannel) -> str | Retract:
        subject, told = self.subjects[key], (channel.pk, key) in self._told
        if isinstance(subject, Incident):
            resolved, acknowledged = subject.resolved_at is not None, subject.acknowledged_at is not None
            return of_incident(waiting, resolved=resolved, acknowledged=acknowledged, told=told)
        again = subject.monitor_id in self._still_slow
        return of_slow_spell(waiting, ended=subject.ended_at is not None, told=told, slow_again=again)

    # --- once a day --------------------------------------------------------------
    def _summary(self, row: Delivery, channel: NotificationChannel) -> Verdict:
        found = self._each(self._lane(row), channel)
        if not found:
            return NOT_NEWS
        message = wording.summary([one.message for one in found], row.thing)
        return self._together(row, channel, message, found)

    def _each(self, rows: Iterable[Delivery], channel: NotificationChannel) -> list[Said]:
        """What is to be said of each subject of these, oldest first."""
        found: dict[tuple[str, Key], Said] = {}
        for row in rows:
            place = row.lane, key_of(row)
            if place not in found and place[1] in self.subjects:
                said = self._said(row, channel)
                if isinstance(said, Said):
                    found[place] = said
        return list(found.values())

    def _together(
        self, row: Delivery, channel: NotificationChannel, message: Message, found: Sequence[Said]
    ) -> Ready:
        rows = [one for said in found for one in said.rows]
        told = [entry for said in found for entry in said.told]
        return self._ready(row, channel, Said(message, rows, told))

    # --- too many at once ----------------------------------------------------------
    def _storm(self, row: Delivery, channel: NotificationChannel) -> Verdict | None:
        """None: this one goes by itself."""
        if not channel.storm_alerts or not channel.storm_seconds:
            return None
        within = timedelta(seconds=channel.storm_seconds)
        rows = [one for one in self.rows if self._is_gathered(one, row, channel)]
        found = self._each(self._free(rows, row), channel)
        sent = self._sent_since(row, self.now - within)
        flying = sum(1 for one in rows if one.drainer and one.pk != row.pk)
        if len(sent) + flying + len(found) <= channel.storm_alerts:
            return None
        due = [one.pk for one in rows if one.drainer or (one.next_try_at and one.next_try_at <= self.now)]
        if row.pk > min(due, default=row.pk):
            return Wait(self.now + SOON)  # another bears the digest
        if len(sent) >= channel.storm_alerts:
            return Wait(sent[-channel.storm_alerts] + within)
        message = wording.digest([one.message for one in found], row.thing, channel.storm_seconds)
        return self._together(row, channel, message, found)

    def _is_gathered(self, one: Delivery, row: Delivery, channel: NotificationChannel) -> bool:
        mine = one.target == row.target and one.transport == row.transport
        if not mine or one.lane.startswith("summary:") or self._is_damped(one):
            return False
        return not self._is_flapping(one, channel)

    def _sent_since(self, row: Delivery, since: datetime) -> list[datetime]:
        """When messages went to this channel, oldest first."""
        rows = Delivery.objects.filter(transport=row.transport, target=row.target, sent_at__gt=since)
        sent = rows.filter(state=Delivery.State.SENT, created_at__gt=since - timedelta(hours=25))
        return sorted(moment for moment in sent.order_by().values_list("sent_at", flat=True) if moment)

    # --- up and down, up and down ----------------------------------------------------
    def _is_flapping(self, row: Delivery, channel: NotificationChannel) -> bool:
        if not channel.flap_changes or not channel.flap_minutes or "slow" in row.payload:
            return False
        since = self.now - timedelta(minutes=channel.flap_minutes)
        changes = [moment for moment in self._changes.get(row.payload["monitor"], ()) if moment > since]
        return len(changes) >= channel.flap_changes

    def _is_damped(self, row: Delivery) -> bool:
        """Whether the notice was sent, and the row that it left waits until the monitor is at rest."""
        return "incident" in row.payload and any(
            one.payload["event"] == SETTLED for one in self.rows if one.lane == row.lane
        )

    def _of_incidents(self, row: Delivery) -> list[Delivery]:
        return [one for one in self._lane(row) if "incident" in one.payload]

    def _flapping(self, row: Delivery, channel: NotificationChannel) -> Ready:
        """The one notice. Settled, it leaves a row that waits until the monitor has come to rest."""
        kind, key = key_of(row)
        message = wording.message(FLAPPING, self.subjects[kind, key], channel, row.thing)
        told = [alert(kind, key, FLAPPING, f"incident:{key}:{FLAPPING}")]
        return self._ready(row, channel, Said(message, self._of_incidents(row), told))

    def _settled(self, row: Delivery, channel: NotificationChannel) -> Verdict:
        """At rest: say how it is, if that is not what was said last."""
        monitor, quiet = row.payload["monitor"], timedelta(minutes=channel.flap_minutes or 0)
        changes = [moment for moment in self._changes.get(monitor, ()) if moment > self.now - quiet]
        if changes:
            return Wait(max(changes) + quiet)
        incidents = Incident.objects.select_related("monitor").filter(monitor=monitor)
        last = Alert.objects.filter(channel=channel, incident__monitor=monitor).exclude(event=FLAPPING)
        known = last.order_by("-at", "-pk").first()
        now_down = incidents.filter(resolved_at=None).first()
        also = tuple(one.pk for one in self._of_incidents(row) if one.pk != row.pk)
        return self._final(row, channel, now_down, known, also)

    def _final(
        self,
        row: Delivery,
        channel: NotificationChannel,
        now_down: Incident | None,
        known: Alert | None,
        also: tuple[int, ...],
    ) -> Verdict:
        said_down = known is not None and known.event not in (UP, "was_down")
        if now_down is not None:
            event, subject = DOWN, now_down
        elif known is not None and known.incident_id is not None and said_down:
            event, subject = UP, Incident.objects.select_related("monitor").get(pk=known.incident_id)
        else:
            return Retract(NOT_NEWS.reason, also)
        told = alert("incident", subject.pk, event, f"incident:{subject.pk}:{event}")
        row.payload[TOLD] = [told]
        if now_down is not None and said_down:
            return Retract(NOT_NEWS.reason, also)  # its recovery is told all the same
        return Ready(Letter(channel, wording.message(event, subject, channel, row.thing), also))
