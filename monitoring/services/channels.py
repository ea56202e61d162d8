"""Where alerts go. Admins decide it; secrets go in and never come out."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Model, QuerySet
from django.utils.dateparse import parse_time
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from hazesite import outbound, ratelimits
from hazesite.audit.services import changes as audit_changes
from hazesite.audit.services import record
from hazesite.errors import NotAllowed, NotFound, Refused
from hazesite.outgoing.transports import Sent
from monitoring.alerts import configs, smtp, wording
from monitoring.alerts.transports import try_now
from monitoring.models import EscalationStep, NotificationChannel
from monitoring.services.checking import known_zone, needs, text_of, unknown_keys, whole
from monitoring.services.windows import may_read

NUMBERS = {
    "remind_minutes": (5, 7 * 24 * 60),
    "flap_changes": (3, 100),
    "flap_minutes": (1, 24 * 60),
    "storm_alerts": (1, 1000),
    "storm_seconds": (5, 3600),
}
PAIRS = (("flap_changes", "flap_minutes"), ("storm_alerts", "storm_seconds"))
FIELDS = ("name", "active", "default", "templates", "summary_at", "time_zone", *NUMBERS)
MAX_CHANNELS = 100
TESTS_PER_USER = "10/m"
TEST_SECONDS = 20.0


class NameTaken(Refused):
    code = "name_taken"
    message = _("There is one of this name already.")


class TooManyChannels(Refused):
    code = "too_many_channels"
    message = _("There are too many channels already.")


class ChannelInUse(Refused):
    code = "channel_in_use"
    message = _("An escalation policy has nobody else at one of its steps.")


@dataclass(frozen=True)
class Tried:
    """How a test went: whether the other side took it, and what it said if not."""

    ok: bool
    detail: str
    seconds: float


def channels(actor: User) -> QuerySet[NotificationChannel]:
    """For staff and monitoring tokens. Show `shown_config`, never `config`."""
    if not may_read(actor):
        raise NotAllowed
    return NotificationChannel.objects.all()


def read_channel(actor: User, channel_id: int) -> NotificationChannel:
    """Raises `NotFound`."""
    if (channel := channels(actor).filter(pk=channel_id).first()) is None:
        raise NotFound
    return channel


def shown_config(channel: NotificationChannel) -> dict[str, Any]:
    """Its config as anybody may read it: `…` stands for what is secret."""
    return configs.shown(channel.type, channel.config)


def save_channel(actor: User, given: Mapping[str, Any], channel_id: int | None = None) -> NotificationChannel:
    """A new one (`type` is for ever), or with an id the changed one. Looks names up: never in a transaction.

    `config` replaces the whole; a value given as `shown_config` shows it stays as it was, unless the host is
    another. Raises `NotAllowed`, `NotFound`, `Unfit`, `AddressRefused`, `NameTaken`, `TooManyChannels`.
    """
    if not actor.is_admin:
        raise NotAllowed
    channel = NotificationChannel() if channel_id is None else read_channel(actor, channel_id)
    before = None if channel_id is None else _facts(channel)
    _fill(channel, given)
    if "config" in given or channel_id is None:
        _judge_hosts(channel)
    return _store(channel, actor, given, before)


def _fill(channel: NotificationChannel, given: Mapping[str, Any]) -> None:
    unknown_keys(given, (*FIELDS, "type", "config"))
    if channel.pk is None:
        channel.type = given.get("type", "")
        needs(channel.type in configs.KEYS, _("There is no such type."), field="type")
    else:
        same = given.get("type", channel.type) == channel.type
        needs(same, _("The type of a channel cannot be changed."), field="type")
    if "config" in given or channel.pk is None:
        stored = channel.config if channel.pk else {}
        channel.config = configs.merged(channel.type, given.get("config", {}), stored)
        configs.check(channel.type, channel.config)
    for name in FIELDS:
        if name in given:
            setattr(channel, name, given[name])
    _check(channel)


def _check(channel: NotificationChannel) -> None:
    text_of(channel, "name", 100)
    known_zone(channel.time_zone)
    for name in ("active", "default"):
        needs(isinstance(getattr(channel, name), bool), _("It must be true or false."), field=name)
    for name, (least, most) in NUMBERS.items():
        if getattr(channel, name) is not None:
            whole(getattr(channel, name), least, most, field=name)
    for one, other in PAIRS:
        both = (getattr(channel, one) is None) == (getattr(channel, other) is None)
        needs(both, _("Only together with %(name)s.") % {"name": other}, field=one)
    if isinstance(channel.summary_at, str):
        with suppress(ValueError):
            channel.summary_at = parse_time(channel.summary_at) or channel.summary_at
        needs(not isinstance(channel.summary_at, str), _("It must be a time, as 08:00."), field="summary_at")
    wording.check_templates(channel.templates)


def _judge_hosts(channel: NotificationChannel) -> None:
    for name, key in configs.KEYS[channel.type].items():
        if key.address and name in channel.config:
            outbound.check_address(channel.config[name])
    if "smtp_server" in channel.config:
        smtp.judge(channel.config)


@transaction.atomic
def _store(
    channel: NotificationChannel, actor: User, given: Mapping[str, Any], before: dict[str, Any] | None
) -> NotificationChannel:
    if before is None and NotificationChannel.objects.count() >= MAX_CHANNELS:
        raise TooManyChannels
    changed = [name for name in (*FIELDS, "config") if name in given]
    _save(channel, None if before is None else changed)
    _record(channel, actor, before, config_given="config" in given)
    return channel


def _save(row: Model, fields: list[str] | None) -> None:
    try:
        with transaction.atomic():
            row.save(update_fields=fields)
    except IntegrityError as error:
        raise NameTaken from error


def _record(
    channel: NotificationChannel, actor: User, before: dict[str, Any] | None, *, config_given: bool
) -> None:
    after = _facts(channel)
    if before is None:
        record("channel.added", "channel", channel.pk, actor_id=actor.pk, after=after)
        return
    was, became = audit_changes(before, after)
    if config_given:
        became["config"] = "changed"
    record("channel.changed", "channel", channel.pk, actor_id=actor.pk, before=was, after=became)


def _facts(channel: NotificationChannel) -> dict[str, Any]:
    """Of the config nothing: it holds addresses and secrets."""
    facts = {name: getattr(channel, name) for name in FIELDS if name != "templates"}
    facts["summary_at"] = str(channel.summary_at) if channel.summary_at else None
    return {"type": channel.type, **facts}


@transaction.atomic
def delete_channel(actor: User, channel_id: int) -> None:
    """What waits to be sent to it is retracted when its turn comes."""
    if not actor.is_admin:
        raise NotAllowed
    channel = read_channel(actor, channel_id)
    steps = EscalationStep.objects.annotate(count=Count("channels"))
    if steps.filter(count=1, channels=channel).exists():
        raise ChannelInUse
    key, facts = channel.pk, _facts(channel)
    channel.delete()
    record("channel.deleted", "channel", key, actor_id=actor.pk, before=facts)


def test_channel(actor: User, channel_id: int) -> Tried:
    """Send a test now, by the way alerts go, to one that is switched off too. Waits for the other side.

    Never in a transaction, nor on an event loop. Raises `NotAllowed`, `NotFound`, `TooMany`.
    """
    if not actor.is_admin:
        raise NotAllowed
    channel = read_channel(actor, channel_id)
    ratelimits.spend("channel-tests", actor.pk, TESTS_PER_USER)
    message = wording.test_message(f"test:{uuid.uuid4().hex}")
    began = time.monotonic()
    outcome = asyncio.run(try_now(channel, message, TEST_SECONDS))
    seconds = time.monotonic() - began
    ok = isinstance(outcome, Sent)
    with transaction.atomic():
        record("channel.tested", "channel", channel.pk, actor_id=actor.pk, after={"ok": ok})
    return Tried(ok, getattr(outcome, "reason", ""), round(seconds, 3))
