"""The words of an alert: the same for every channel, which dresses them in its own way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from string import Template
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from monitoring.alerts.events import (
    DIGEST,
    DOWN,
    ESCALATION,
    FAST,
    FLAPPING,
    REMINDER,
    SLOW,
    SUMMARY,
    TEMPLATED,
    TEST,
    UP,
    WAS_DOWN,
    WAS_SLOW,
)
from monitoring.durations import spoken
from monitoring.models import Incident, Monitor, NotificationChannel, Severity, SlowSpell
from monitoring.services.checking import needs, unknown_keys

Subject = Incident | SlowSpell
VARIABLES = (
    "monitor", "event", "severity", "cause", "duration", "started_at", "ended_at", "response_ms", "limit_ms",
    "link",
)  # fmt: skip
TEMPLATE_LENGTH, LINES = 1000, 40
GOOD, BAD, WARNING, NEUTRAL = "good", "bad", "warning", "neutral"
TONES = {
    DOWN: BAD, ESCALATION: BAD, REMINDER: BAD, UP: GOOD, FAST: GOOD, WAS_DOWN: GOOD, WAS_SLOW: GOOD,
    SLOW: WARNING, FLAPPING: WARNING,
}  # fmt: skip
COLORS = {GOOD: 0x2EB67D, BAD: 0xE01E5A, WARNING: 0xECB22E, NEUTRAL: 0x64748B}


@dataclass(frozen=True)
class Message:
    """`thing` is the same for the same alert, however often it is tried; `thread`, what it is about."""

    event: str
    thing: str
    title: str
    text: str
    tone: str
    at: datetime
    link: str
    thread: str = ""
    critical: bool = False
    lines: Sequence[str] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    """For programs."""


def check_templates(given: object) -> None:
    """Raises `Unfit`: an unknown event or variable, or what is no template."""
    needs(isinstance(given, dict), gettext_lazy("It must be an object."), field="templates")
    assert isinstance(given, dict)
    unknown_keys(given, TEMPLATED, field="templates.")
    for event, text in given.items():
        name = f"templates.{event}"
        right = isinstance(text, str) and 0 < len(text) <= TEMPLATE_LENGTH and Template(text).is_valid()
        needs(right, gettext_lazy("It must be a text with variables such as $monitor."), field=name)
        unknown_keys(dict.fromkeys(Template(text).get_identifiers()), VARIABLES, field=f"{name}.$")


# --- about one thing -----------------------------------------------------------
def message(event: str, subject: Subject, channel: NotificationChannel, thing: str) -> Message:
    monitor = subject.monitor
    text = _text(event, subject, ZoneInfo(channel.time_zone))
    if template := channel.templates.get(event):
        text = Template(template).safe_substitute(_variables(event, subject, channel))
    return Message(
        event=event,
        thing=thing,
        title=_title(event, monitor.name),
        text=text,
        tone=TONES[event],
        at=_moment(event, subject),
        link=link_to(monitor),
        thread=f"{kind_of(subject)}:{subject.pk}",
        critical=subject.severity == Severity.CRITICAL,
        facts=_facts(subject),
    )


def kind_of(subject: Subject) -> str:
    return "incident" if isinstance(subject, Incident) else "slow"


def ended_at(subject: Subject) -> datetime | None:
    return subject.resolved_at if isinstance(subject, Incident) else subject.ended_at


def link_to(monitor: Monitor) -> str:
    return f"{settings.PUBLIC_URL}/monitors/{monitor.pk}/"


def _moment(event: str, subject: Subject) -> datetime:
    if event == DOWN and isinstance(subject, Incident):
        return subject.confirmed_at
    if event == SLOW:
        return subject.started_at
    return ended_at(subject) or timezone.now()


def _title(event: str, name: str) -> str:
    titles = {
        DOWN: _("%(monitor)s is down"),
        UP: _("%(monitor)s is up again"),
        WAS_DOWN: _("%(monitor)s was down"),
        ESCALATION: _("%(monitor)s is down, and nobody has acknowledged it"),
        REMINDER: _("%(monitor)s is still down"),
        SLOW: _("%(monitor)s is slow"),
        FAST: _("%(monitor)s is fast again"),
        WAS_SLOW: _("%(monitor)s was slow"),
        FLAPPING: _("%(monitor)s goes up and down"),
    }
    return titles[event] % {"monitor": name}


def _text(event: str, subject: Subject, zone: ZoneInfo) -> str:
    said = {"duration": _duration(subject), "since": clock(subject.started_at, zone)}
    if isinstance(subject, SlowSpell):
        said |= {"took": str(round(subject.response_ms)), "limit": str(subject.limit_ms)}
        return _slow_text(event) % said
    if event == FLAPPING:
        return _("It changes all the time. You hear of it again when it has come to rest.")
    if event == UP:
        return _("It was down for %(duration)s, since %(since)s.") % said
    cause = subject.cause or _("No reason was given.")
    sentences = {
        WAS_DOWN: _("It was down for %(duration)s, since %(since)s, and is up again."),
        DOWN: _("Since %(since)s."),
    }
    sentence = sentences.get(event, _("For %(duration)s, since %(since)s."))
    return f"{cause}\n{sentence % said}"


def _slow_text(event: str) -> str:
    return {
        SLOW: _("It took %(took)s ms to answer, more than %(limit)s ms, since %(since)s."),
        FAST: _("For %(duration)s it took more than %(limit)s ms to answer."),
    }.get(event, _("For %(duration)s, since %(since)s, it took more than %(limit)s ms to answer."))


def _duration(subject: Subject) -> str:
    return spoken((ended_at(subject) or timezone.now()) - subject.started_at)


def clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _variables(event: str, subject: Subject, channel: NotificationChannel) -> dict[str, str]:
    zone = ZoneInfo(channel.time_zone)
    end = ended_at(subject)
    slow = subject if isinstance(subject, SlowSpell) else None
    return {
        "monitor": subject.monitor.name,
        "event": event,
        "severity": subject.severity,
        "cause": subject.cause if isinstance(subject, Incident) else "",
        "duration": _duration(subject),
        "started_at": clock(subject.started_at, zone),
        "ended_at": clock(end, zone) if end else "",
        "response_ms": str(round(slow.response_ms)) if slow else "",
        "limit_ms": str(slow.limit_ms) if slow else "",
        "link": link_to(subject.monitor),
    }


def _facts(subject: Subject) -> dict[str, Any]:
    monitor, end = subject.monitor, ended_at(subject)
    about: dict[str, Any] = {
        "id": subject.pk,
        "severity": subject.severity,
        "started_at": subject.started_at,
        "ended_at": end,
        "duration_seconds": round(((end or timezone.now()) - subject.started_at).total_seconds()),
    }
    if isinstance(subject, Incident):
        about |= {
            "cause": subject.cause,
            "status_code": subject.status_code,
            "acknowledged": subject.acknowledged_at is not None,
        }
    else:
        about |= {"response_ms": subject.response_ms, "limit_ms": subject.limit_ms}
    watched = {"id": monitor.pk, "name": monitor.name, "type": monitor.type, "target": _target(monitor)}
    return {"monitor": watched, kind_of(subject): about}


def _target(monitor: Monitor) -> str:
    """Without what may be secret: a name and password, a query."""
    if monitor.url:
        parts = urlsplit(monitor.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return f"{monitor.host}:{monitor.port}" if monitor.port else monitor.host


# --- about many ------------------------------------------------------------------
def digest(told: Sequence[Message], thing: str, seconds: int) -> Message:
    count = len(told)
    title = ngettext("%(count)s alert", "%(count)s alerts", count) % {"count": count}
    within = _("More came within %(seconds)s seconds than are sent one by one.") % {"seconds": seconds}
    tone = BAD if any(one.tone == BAD for one in told) else WARNING
    return _together(DIGEST, told, thing, title, within, tone)


def summary(told: Sequence[Message], thing: str) -> Message:
    count = len(told)
    title = ngettext("Daily summary: %(count)s thing", "Daily summary: %(count)s things", count)
    text = _("What happened to monitors that are only for information:")
    return _together(SUMMARY, told, thing, title % {"count": count}, text, NEUTRAL)


def _together(event: str, told: Sequence[Message], thing: str, title: str, text: str, tone: str) -> Message:
    lines = [f"{one.title}. {' '.join(one.text.split())}" for one in told[:LINES]]
    if (more := len(told) - LINES) > 0:
        lines.append(ngettext("… and %(count)s more.", "… and %(count)s more.", more) % {"count": more})
    return Message(
        event=event,
        thing=thing,
        title=title,
        text=text,
        tone=tone,
        at=timezone.now(),
        link=f"{settings.PUBLIC_URL}/monitors/",
        critical=any(one.critical for one in told),
        lines=lines,
        facts={"alerts": [{"event": one.event, "id": one.thing, **one.facts} for one in told]},
    )


def test_message(thing: str) -> Message:
    return Message(
        event=TEST,
        thing=thing,
        title=_("A test of this channel"),
        text=_("Alerts of %(site)s arrive here.") % {"site": settings.PUBLIC_URL},
        tone=NEUTRAL,
        at=timezone.now(),
        link=f"{settings.PUBLIC_URL}/monitors/",
        critical=True,
    )


def whole_text(said: Message) -> str:
    """Everything but the title, as plain text."""
    return "\n".join([said.text, *(f"• {line}" for line in said.lines)])
