"""Adding, changing and removing monitors: admins decide."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from botconfig.errors import StaleVersion
from hazesite import ratelimits
from hazesite.audit.services import changes as audit_changes
from hazesite.audit.services import record
from hazesite.errors import NotAllowed, NotFound
from hazesite.events import show
from hazesite.realtime.publication import Frame, Part, Publication
from monitoring import jobs, live, monitor_settings, targets
from monitoring.errors import DoesNotFit, MonitorPaused
from monitoring.models import EscalationPolicy, Monitor, MonitorState, NotificationChannel, Tag
from monitoring.services import standing
from monitoring.services.windows import may_read

CHECKS_PER_USER = "60/m"
MAX_DEPTH = 5
"""How many generations a family of monitors may have."""
OF_TARGET = frozenset({"type", "url", "host", "port"})
LINKS = ("parent", "escalation", "tags", "notification_channels")
HIDDEN = frozenset({"headers", "body", "options", "url"})


# --- reading -----------------------------------------------------------------
def monitors(actor: User) -> QuerySet[Monitor]:
    """For staff and monitoring tokens, with all that is shown of them: three queries."""
    if not may_read(actor):
        raise NotAllowed
    return Monitor.objects.select_related("state").prefetch_related("tags", "notification_channels")


def read_monitor(actor: User, monitor_id: int) -> Monitor:
    """Raises `NotFound`."""
    if (monitor := monitors(actor).filter(pk=monitor_id).first()) is None:
        raise NotFound
    return monitor


def version_of(monitor: Monitor) -> str:
    """Another one after each change of its settings."""
    return f"{monitor.updated_at:%Y%m%d%H%M%S%f}"


# --- adding and changing -----------------------------------------------------
def create_monitor(actor: User, given: Any) -> Monitor:
    """Looks names up: never in a transaction. Raises `NotAllowed`, `Invalid`, `Unfit`, `TargetRefused`."""
    _require_admin(actor)
    found = prepare(given)
    targets.refuse_private(monitor_settings.targets(found))
    return add_prepared(actor, found)


def prepare(given: Any) -> dict[str, Any]:
    """The whole settings of a new monitor. Looks nothing up. Raises `Invalid` and `Unfit`."""
    found = {**monitor_settings.as_settings(Monitor()), **monitor_settings.read(given)}
    found["options"] = monitor_settings.check_together(found)
    return found


def _require_admin(actor: User) -> None:
    if not actor.is_admin:
        raise NotAllowed


@transaction.atomic
def add_prepared(actor: User, found: Mapping[str, Any], push_token: str | None = None) -> Monitor:
    """For a caller that had its targets judged. Raises `NotAllowed`, `DoesNotFit`."""
    _require_admin(actor)
    columns = dict(found)
    links = _links(columns)
    monitor = Monitor(**columns)
    if monitor.type == "push":
        monitor.push_token = push_token or _new_token()
    _set_parent(monitor, links)
    monitor.save()
    _set_lists(monitor, links)
    standing.begin(monitor, timezone.now())
    record("monitor.added", "monitor", monitor.pk, actor_id=actor.pk, after=_facts(monitor, links))
    _tell(monitor.pk, "added")
    return read_monitor(actor, monitor.pk)


def _new_token() -> str:
    return secrets.token_urlsafe(24)


def update_monitor(actor: User, monitor_id: int, given: Any, version: str | None = None) -> Monitor:
    """Change what is given. Looks names up where the target changes: never in a transaction.

    Raises `NotAllowed`, `NotFound`, `Invalid`, `Unfit`, `TargetRefused`, and `StaleVersion` where `version`
    is not that of now.
    """
    _require_admin(actor)
    seen = read_monitor(actor, monitor_id)
    found = monitor_settings.read(given, seen)
    if found.get("type", seen.type) != seen.type:
        found.setdefault("options", {})  # those of the other type mean nothing here
    whole = {**monitor_settings.as_settings(seen), **found}
    whole["options"] = monitor_settings.check_together(whole)
    if found.keys() & (OF_TARGET | {"options"}):
        targets.refuse_private(monitor_settings.targets(whole))
    return _change(actor, seen, found, version)


@transaction.atomic
def _change(actor: User, seen: Monitor, found: dict[str, Any], version: str | None) -> Monitor:
    monitor = _locked(seen.pk)
    _require_version(monitor, seen if found.keys() & OF_TARGET else None, version)
    now, before = timezone.now(), monitor_settings.as_settings(monitor)
    renewed = found.pop("new_push_token", False)
    links = _links(found)
    found["options"] = monitor_settings.check_together({**before, **found})
    was = _facts(monitor, links)
    for name, value in found.items():
        setattr(monitor, name, value)
    _set_parent(monitor, links)
    if monitor.type == "push" and (renewed or not monitor.push_token):
        monitor.push_token = _new_token()
    monitor.save()
    _set_lists(monitor, links)
    _follow(monitor, before, now)
    _record_change(monitor, actor, was, _facts(monitor, links), before)
    _tell(monitor.pk, "changed")
    return read_monitor(actor, monitor.pk)


def _locked(monitor_id: int) -> Monitor:
    monitor = Monitor.objects.select_for_update(no_key=True).filter(pk=monitor_id).first()
    if monitor is None:
        raise NotFound
    return monitor


def _require_version(monitor: Monitor, judged: Monitor | None, version: str | None) -> None:
    """`judged`: whose target was looked up before; had it moved since, another one was judged."""
    if version is not None and version != version_of(monitor):
        raise StaleVersion
    if judged is not None and any(getattr(judged, name) != getattr(monitor, name) for name in OF_TARGET):
        raise StaleVersion


def _follow(monitor: Monitor, before: Mapping[str, Any], now: datetime) -> None:
    """What the change means for the checks to come."""
    changed = {name for name in monitor_settings.COLUMNS if getattr(monitor, name) != before[name]}
    if "active" in changed:
        (standing.resume if monitor.active else standing.pause)(monitor, now)
    elif not monitor.active:
        return
    elif changed & OF_TARGET:
        standing.retarget(monitor, now)
    elif "interval" in changed:
        standing.move_slot(monitor, now)


def pause_monitor(actor: User, monitor_id: int) -> Monitor:
    """No checks until it is resumed. A second time changes nothing."""
    return _switch(actor, monitor_id, active=False)


def resume_monitor(actor: User, monitor_id: int) -> Monitor:
    """The next check is within one interval. Where it is not paused, nothing changes."""
    return _switch(actor, monitor_id, active=True)


@transaction.atomic
def _switch(actor: User, monitor_id: int, *, active: bool) -> Monitor:
    _require_admin(actor)
    monitor = _locked(monitor_id)
    if monitor.active != active:
        monitor.active = active
        monitor.save(update_fields=["active", "updated_at"])
        (standing.resume if active else standing.pause)(monitor, timezone.now())
        verb = "monitor.resumed" if active else "monitor.paused"
        record(verb, "monitor", monitor.pk, actor_id=actor.pk)
        _tell(monitor.pk, "changed")
    return read_monitor(actor, monitor.pk)


@transaction.atomic
def check_now(actor: User, monitor_id: int) -> Monitor:
    """Its next check is due at once; an engine takes it within a second or two. Raises `MonitorPaused`."""
    _require_admin(actor)
    monitor = _locked(monitor_id)
    if not monitor.active:
        raise MonitorPaused
    ratelimits.spend("monitor-checks", actor.pk, CHECKS_PER_USER)
    standing.check_soon(monitor, timezone.now())
    return read_monitor(actor, monitor.pk)


@transaction.atomic
def delete_monitor(actor: User, monitor_id: int) -> None:
    """With its history and incidents; its single checks go a moment later. Its children lose their parent."""
    _require_admin(actor)
    monitor = _locked(monitor_id)
    facts = _facts(monitor, {})
    standing.lock(monitor)
    monitor.delete()
    jobs.forget_checks.enqueue(monitor_id)
    record("monitor.deleted", "monitor", monitor_id, actor_id=actor.pk, before=facts)
    _tell(monitor_id, "deleted")


# --- what a monitor refers to ------------------------------------------------
def _links(found: dict[str, Any]) -> dict[str, Any]:
    """Take the references out of the settings and look them up. Raises `DoesNotFit`."""
    links = {name: found.pop(name) for name in LINKS if name in found}
    wrong: dict[str, list[object]] = {}
    finders: dict[str, Callable[[Any], Any]] = {
        "parent": lambda key: Monitor.objects.filter(pk=key).first(),
        "escalation": lambda key: EscalationPolicy.objects.filter(pk=key).first(),
        "notification_channels": _channels,
        "tags": _tags,
    }
    for name, wanted in links.items():
        if wanted is not None:
            links[name] = finders[name](wanted)
            if links[name] is None:
                wrong[name] = [_("There is no such one.")]
    if wrong:
        raise DoesNotFit.by(wrong)
    return links


def _channels(keys: list[int]) -> list[NotificationChannel] | None:
    found = list(NotificationChannel.objects.filter(pk__in=keys))
    return found if len(found) == len(keys) else None


def _tags(names: list[str]) -> list[Tag]:
    """Made where they are new."""
    known = set(Tag.objects.filter(name__in=names).values_list("name", flat=True))
    Tag.objects.bulk_create([Tag(name=name) for name in names if name not in known], ignore_conflicts=True)
    return list(Tag.objects.filter(name__in=names)) if names else []


def _set_parent(monitor: Monitor, links: Mapping[str, Any]) -> None:
    if "escalation" in links:
        monitor.escalation = links["escalation"]
    if "parent" in links:
        if links["parent"] is not None:
            _refuse_tangle(monitor, links["parent"])
        monitor.parent = links["parent"]


def _refuse_tangle(monitor: Monitor, parent: Monitor) -> None:
    """Nobody is their own ancestor, and families are not deep. Raises `DoesNotFit`."""
    # All families are locked: of two who marry each other's at the same moment the second sees the first.
    family = Q(parent__isnull=False) | Q(pk__in=Monitor.objects.exclude(parent=None).values("parent"))
    rows = Monitor.objects.filter(family | Q(pk__in=[parent.pk, monitor.pk])).order_by("pk")
    parents = dict(rows.select_for_update(no_key=True).values_list("pk", "parent_id"))
    above = _ancestors(parents, parent.pk)
    if monitor.pk in above:
        raise DoesNotFit.by({"parent": [_("It would be its own ancestor.")]})
    below = max((_distance(parents, key, monitor.pk) for key in parents), default=0) if monitor.pk else 0
    if len(above) + 1 + below > MAX_DEPTH:
        raise DoesNotFit.by({"parent": [_("At most %(most)s generations.") % {"most": MAX_DEPTH}]})


def _ancestors(parents: Mapping[int, int | None], key: int | None) -> list[int]:
    """The key itself and all above it."""
    found: list[int] = []
    while key is not None and key not in found:
        found.append(key)
        key = parents.get(key)
    return found


def _distance(parents: Mapping[int, int | None], key: int, ancestor: int) -> int:
    line = _ancestors(parents, key)
    return line.index(ancestor) if ancestor in line else 0


def _set_lists(monitor: Monitor, links: Mapping[str, Any]) -> None:
    for name in ("tags", "notification_channels"):
        if name in links:
            getattr(monitor, name).set(links[name])


# --- telling -----------------------------------------------------------------
def _facts(monitor: Monitor, links: Mapping[str, Any]) -> dict[str, Any]:
    """For the audit log: of an address only the host, and nothing that may hold a secret."""
    facts = {
        name: value
        for name, value in monitor_settings.as_settings(monitor).items()
        if name not in HIDDEN and value not in ("", None)
    }
    facts["host"] = monitor.host or urlsplit(monitor.url).hostname
    facts |= {"parent": monitor.parent_id, "escalation": monitor.escalation_id}
    for name in ("tags", "notification_channels"):
        if name in links and monitor.pk:
            facts[name] = sorted(str(row) for row in getattr(monitor, name).all())
    return facts


def _record_change(
    monitor: Monitor, actor: User, was: dict[str, Any], became: dict[str, Any], before: Mapping[str, Any]
) -> None:
    old, new = audit_changes(was, {**dict.fromkeys(was), **became})
    hidden = [name for name in sorted(HIDDEN) if getattr(monitor, name) != before[name]]
    if hidden:
        new["changed"] = hidden
    record("monitor.changed", "monitor", monitor.pk, actor_id=actor.pk, before=old, after=new)


def _tell(monitor_id: int, deed: str) -> None:
    """Screens read again what they show of it, or take it away."""
    frame = Frame.of("monitor_changed", {"id": monitor_id, "deed": deed})
    show(Publication((Part((live.ROOM,), (frame,)),)))
    if deed != "deleted":
        live.show_standings(MonitorState.objects.filter(monitor=monitor_id))
