"""What happened becomes rows of the ledger: in the transaction of the result, by a few queries.

Whom it concerns is decided here. What is said, and whether it still is to be, is decided when it is sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from hazesite.events import subscribe
from hazesite.outgoing.models import LIFETIME, Delivery
from hazesite.outgoing.services import queue
from monitoring.alerts.events import DOWN, FAST, REMINDER, SLOW, UP
from monitoring.events import BecameSlow, NoLongerSlow, Recovered, WentDown
from monitoring.models import (
    Alert,
    EscalationStep,
    Incident,
    Monitor,
    MonitorState,
    NotificationChannel,
    Severity,
    SlowSpell,
    Status,
)
from monitoring.services.windows import in_maintenance

Subject = Incident | SlowSpell
SILENT_LOOK = timedelta(seconds=15)
"""How often it is looked whether a parent is back."""
PAUSE = timedelta(minutes=1)
"""How often, whether a maintenance window has ended."""
MAX_DEPTH = 20
SUMMARY_AT = time(8)


@subscribe(WentDown)
def went_down(event: WentDown) -> None:
    incident = Incident.objects.select_related("monitor", "silenced_by").get(pk=event.incident_id)
    now = timezone.now()
    if in_maintenance({event.monitor_id}, now):
        incident.next_step_at = now + PAUSE
        incident.save(update_fields=["next_step_at"])
    else:
        begin(incident, now)


@subscribe(Recovered)
def recovered(event: Recovered) -> None:
    """Only those are told who were told that it is down, or are about to be."""
    incident = Incident.objects.select_related("monitor").get(pk=event.incident_id)
    if incident.alerted_at is None:
        return
    things = [f"incident:{incident.pk}:{DOWN}"]
    things += [thing_of(incident, "escalation", step) for step in range(1, incident.escalated_to)]
    knowing = _knowing(Alert.objects.filter(incident=incident).values_list("channel", flat=True), things)
    queue(delivery(incident, channel, UP) for channel in knowing)


@subscribe(BecameSlow)
def became_slow(event: BecameSlow) -> None:
    spell = SlowSpell.objects.select_related("monitor__escalation").get(pk=event.slow_spell_id)
    if parent_in_trouble(spell.monitor) is None:
        queue(delivery(spell, channel, SLOW) for channel in first_channels(spell.monitor))


@subscribe(NoLongerSlow)
def no_longer_slow(event: NoLongerSlow) -> None:
    spell = SlowSpell.objects.select_related("monitor").get(pk=event.slow_spell_id)
    told = Alert.objects.filter(slow_spell=spell).values_list("channel", flat=True)
    queue(delivery(spell, channel, FAST) for channel in _knowing(told, [thing_of(spell, SLOW)]))


def begin(incident: Incident, now: datetime) -> None:
    """Tell the first of it; not while a parent is down or about to be, which the clock looks after."""
    if (parent := parent_in_trouble(incident.monitor)) is not None:
        incident.silenced_by, incident.next_step_at = parent, now + SILENT_LOOK
    elif _may_be_recovering(incident, now):
        incident.next_step_at = now + SILENT_LOOK
    else:
        channels = first_channels(incident.monitor)
        queue(delivery(incident, channel, DOWN) for channel in channels)
        incident.silenced_by, incident.alerted_at, incident.escalated_to = None, now, 1
        incident.next_step_at = next_step(incident, channels, now)
    incident.save(update_fields=["silenced_by", "alerted_at", "escalated_to", "next_step_at"])


def _may_be_recovering(incident: Incident, now: datetime) -> bool:
    """Its parent has just come back, and it itself was not checked since."""
    if incident.silenced_by is None:
        return False
    since = incident.silenced_by.state.since
    checked = incident.monitor.state.checked_at
    return checked is not None and checked < since and now - since < 8 * SILENT_LOOK


def parent_in_trouble(monitor: Monitor) -> Monitor | None:
    """The nearest ancestor that does not answer. A query for each ancestor."""
    seen = {monitor.pk}
    key = monitor.parent_id
    while key is not None and key not in seen and len(seen) < MAX_DEPTH:
        seen.add(key)
        parent = Monitor.objects.select_related("state").only("parent_id", "state").get(pk=key)
        if _is_in_trouble(getattr(parent, "state", None)):
            return parent
        key = parent.parent_id
    return None


def _is_in_trouble(state: MonitorState | None) -> bool:
    """Down, or failing and not down yet, or failing while it is worked on."""
    if state is None:
        return False
    if state.status == Status.MAINTENANCE:
        return bool(state.error)
    return state.status == Status.DOWN or (state.status == Status.PENDING and state.failures > 0)


# --- whom it concerns ------------------------------------------------------------
def first_channels(monitor: Monitor) -> list[NotificationChannel]:
    """Its policy's first step; else its own channels; else those marked as default. Only active ones."""
    if monitor.escalation_id:
        steps = steps_of(monitor)
        return active_at(steps[0]) if steps else []
    # Opening what is sealed takes time, and whom it concerns needs none of it.
    if own := list(monitor.notification_channels.defer("config")):
        return [channel for channel in own if channel.active]
    return list(NotificationChannel.objects.filter(default=True, active=True).defer("config"))


def steps_of(monitor: Monitor) -> list[EscalationStep]:
    if not monitor.escalation_id:
        return []
    steps = EscalationStep.objects.filter(policy=monitor.escalation_id)
    return list(steps.order_by("after_minutes", "pk").prefetch_related("channels"))


def active_at(step: EscalationStep) -> list[NotificationChannel]:
    return [channel for channel in step.channels.all() if channel.active]


def _knowing(told: Iterable[int], things: list[str]) -> list[NotificationChannel]:
    """The channels that were told, and those for which one of these things waits."""
    waiting = Delivery.objects.waiting().filter(thing__in=things).values_list("target", flat=True)
    # In this order: one that is settled between the two looks was seen waiting.
    keys = {*[int(target) for target in waiting], *told}
    return list(NotificationChannel.objects.filter(pk__in=keys)) if keys else []


def next_step(incident: Incident, channels: Iterable[NotificationChannel], now: datetime) -> datetime | None:
    """When somebody else hears of it, or the same again. Never of what is only for information."""
    begun = incident.alerted_at
    if incident.severity == Severity.INFO or begun is None:
        return None
    later = steps_of(incident.monitor)[incident.escalated_to :]
    moments = [begun + timedelta(minutes=step.after_minutes) for step in later[:1]]
    for channel in channels:
        if channel.remind_minutes:
            again = timedelta(minutes=channel.remind_minutes)
            moments.append(begun + ((now - begun) // again + 1) * again)
    return min(moments, default=None)


# --- rows --------------------------------------------------------------------------
def transport_of(channel: NotificationChannel) -> str:
    return f"monitor-{channel.type}"


def kind_of(subject: Subject) -> str:
    return "incident" if isinstance(subject, Incident) else "slow"


def thing_of(subject: Subject, event: str, number: int = 0) -> str:
    return f"{kind_of(subject)}:{subject.pk}:{event}" + (f":{number}" if number else "")


def delivery(subject: Subject, channel: NotificationChannel, event: str, number: int = 0) -> Delivery:
    """Unsaved. All about one monitor goes to a channel in order; what is for information, once a day."""
    daily = isinstance(subject, Incident) and subject.severity == Severity.INFO
    due = next_summary(channel, timezone.now()) if daily else timezone.now()
    lifetime = LIFETIME
    if event == REMINDER and channel.remind_minutes:
        lifetime = timedelta(minutes=channel.remind_minutes)  # then the next one comes
    return Delivery(
        transport=transport_of(channel),
        target=str(channel.pk),
        thing=thing_of(subject, event, number),
        lane=f"summary:{channel.pk}" if daily else f"monitor:{subject.monitor_id}:{channel.pk}",
        payload={"event": event, kind_of(subject): subject.pk, "monitor": subject.monitor_id},
        next_try_at=due,
        expires_at=due + lifetime,
    )


def next_summary(channel: NotificationChannel, now: datetime) -> datetime:
    """By the channel's own clock."""
    zone = ZoneInfo(channel.time_zone)
    today = now.astimezone(zone).date()
    at = channel.summary_at or SUMMARY_AT
    due = datetime.combine(today, at, zone)
    return due if due > now else datetime.combine(today + timedelta(days=1), at, zone)
