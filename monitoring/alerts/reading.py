"""The rows that say what some deliveries are about, and what their channels know already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cached_property

from django.db.models import Q

from hazesite.outgoing.models import Delivery
from monitoring.alerts.events import FLAPPING, SETTLED
from monitoring.models import Alert, Incident, NotificationChannel, SlowSpell

Subject = Incident | SlowSpell
Key = tuple[str, int]
"""Kind and primary key of what an alert is about."""
LONGEST_WAY = timedelta(hours=25)


def key_of(row: Delivery) -> Key:
    kind = "incident" if "incident" in row.payload else "slow"
    return kind, int(row.payload[kind])


def is_daily(row: Delivery) -> bool:
    return row.lane.startswith("summary:")


class Reading:
    """Some eight queries, however many deliveries; all of them of one transport."""

    def __init__(self, deliveries: Sequence[Delivery], now: datetime) -> None:
        self.now = now
        self.channels = NotificationChannel.objects.in_bulk({int(one.target) for one in deliveries})
        self.rows = self._rows(deliveries)
        self.subjects = _subjects({key_of(row) for row in self.rows})
        self.things: set[tuple[int, str]] = set()
        """What was told, by channel and thing."""
        self.knows: set[tuple[int, Key]] = set()
        """Which channel was told anything about what."""
        self._read_alerts()

    def _rows(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """These, and whatever waits behind them or may be told with them, in order."""
        stormy = [str(one.pk) for one in self.channels.values() if one.storm_alerts]
        waiting = Delivery.objects.waiting()
        found = {row.pk: row for row in waiting.filter(lane__in={one.lane for one in deliveries})}
        if stormy:
            together = waiting.filter(transport=deliveries[0].transport, target__in=stormy)
            found |= {row.pk: row for row in together}
        found |= {one.pk: one for one in deliveries}
        return [found[key] for key in sorted(found)]

    def _read_alerts(self) -> None:
        incidents = [key for kind, key in self.subjects if kind == "incident"]
        spells = [key for kind, key in self.subjects if kind == "slow"]
        about = Q(incident__in=incidents) | Q(slow_spell__in=spells)
        rows = Alert.objects.filter(about, channel__in=self.channels).exclude(event=FLAPPING)
        for told in rows:
            key = ("incident", told.incident_id) if told.incident_id else ("slow", told.slow_spell_id or 0)
            self.things.add((told.channel_id, told.thing))
            self.knows.add((told.channel_id, key))

    # --- what waits ----------------------------------------------------------------
    def free(self, rows: Iterable[Delivery], row: Delivery) -> list[Delivery]:
        """This one, and those of them that nobody is sending at this moment."""
        return [one for one in rows if one.pk == row.pk or not one.drainer]

    def lane(self, row: Delivery) -> list[Delivery]:
        return self.free((one for one in self.rows if one.lane == row.lane), row)

    def of_incidents(self, row: Delivery) -> list[Delivery]:
        return [one for one in self.lane(row) if "incident" in one.payload]

    def is_damped(self, row: Delivery) -> bool:
        """Whether the notice was sent, and the row that it left waits until the monitor is at rest."""
        same = [one for one in self.rows if one.lane == row.lane and one.payload["event"] == SETTLED]
        return "incident" in row.payload and bool(same)

    # --- what happened -------------------------------------------------------------
    @cached_property
    def _changes(self) -> dict[int, list[datetime]]:
        """By monitor, when it went down or up within the longest time that counts for flapping."""
        found: dict[int, list[datetime]] = defaultdict(list)
        minutes = max((one.flap_minutes or 0 for one in self.channels.values()), default=0)
        if minutes:
            since = self.now - timedelta(minutes=minutes)
            recent = Q(confirmed_at__gt=since) | Q(resolved_at__gt=since)
            rows = Incident.objects.filter(recent, monitor__in={row.payload["monitor"] for row in self.rows})
            for monitor, down, up in rows.values_list("monitor", "confirmed_at", "resolved_at"):
                found[monitor] += [moment for moment in (down, up) if moment]
        return found

    def changes(self, row: Delivery, minutes: int) -> list[datetime]:
        """When its monitor went down or up within these minutes."""
        since = self.now - timedelta(minutes=minutes)
        return [moment for moment in self._changes[row.payload["monitor"]] if moment > since]

    @cached_property
    def still_slow(self) -> set[int]:
        """Monitors that are slow now."""
        monitors = {row.payload["monitor"] for row in self.rows if "slow" in row.payload}
        rows = SlowSpell.objects.filter(monitor__in=monitors, ended_at=None)
        return set(rows.values_list("monitor", flat=True)) if monitors else set()

    def sent_since(self, row: Delivery, since: datetime) -> list[datetime]:
        """When messages went to its channel, oldest first."""
        rows = Delivery.objects.filter(transport=row.transport, target=row.target, sent_at__gt=since)
        sent = rows.filter(state=Delivery.State.SENT, created_at__gt=since - LONGEST_WAY)
        return sorted(moment for moment in sent.order_by().values_list("sent_at", flat=True) if moment)


def _subjects(keys: set[Key]) -> dict[Key, Subject]:
    """Those that are still there, with their monitors."""
    found: dict[Key, Subject] = {}
    incidents = [key for kind, key in keys if kind == "incident"]
    if incidents:
        for incident in Incident.objects.select_related("monitor").filter(pk__in=incidents):
            found["incident", incident.pk] = incident
    spells = [key for kind, key in keys if kind == "slow"]
    if spells:
        for spell in SlowSpell.objects.select_related("monitor").filter(pk__in=spells):
            found["slow", spell.pk] = spell
    return found
