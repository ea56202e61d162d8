"""What a file would do here, and doing it. Names decide: the same file a second time makes nothing double."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from accounts.models import User
from hazesite.errors import NotAllowed, Refused
from monitoring import monitor_settings, targets
from monitoring.alerts import configs
from monitoring.errors import DoesNotFit, TargetRefused
from monitoring.importing import kuma, placeholders, portable
from monitoring.importing.portable import Skipped, Unusable, Wanted
from monitoring.models import EscalationPolicy, Monitor, NotificationChannel
from monitoring.services import channels, monitors

Row = dict[str, Any]
MAX_ROWS = 10_000
MONITORS, CHANNELS = "monitors", "notification_channels"
REFERENCES = ("parent", "escalation", "notification_channels", "push_token")


@dataclass
class Count:
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)


@dataclass
class Report:
    dry_run: bool
    monitors: Count = field(default_factory=Count)
    notification_channels: Count = field(default_factory=Count)
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[Skipped] = field(default_factory=list)

    def as_json(self) -> Row:
        return asdict(self)


def wanted_in(document: Any) -> Wanted:
    """Raises `Unusable` for what is neither ours nor a backup of Uptime Kuma."""
    if isinstance(document, dict) and "monitorList" in document:
        wanted = kuma.read(document)
    elif isinstance(document, dict) and "hazebot_monitors" in document:
        wanted = portable.read(document)
    else:
        raise Unusable("It is neither an export of this site nor a backup of Uptime Kuma.")
    if len(wanted.monitors) + len(wanted.channels) > MAX_ROWS:
        raise Unusable(f"It holds more than {MAX_ROWS} monitors and channels.")
    return wanted


def run(
    actor: User,
    document: Any,
    *,
    dry_run: bool = False,
    update: bool = False,
    known: Mapping[str, str] | None = None,
    own: str = "",
) -> Report:
    """Add what is not here yet, and with `update` change what is here under the same name.

    `own`: the address by which the file means this site.

    Looks names up: never in a transaction. What is done is done one by one: an end in the middle is finished
    by a second run. Raises `NotAllowed` and `Unusable`; what is refused of a single row is in the report.
    """
    if not actor.is_admin:
        raise NotAllowed
    wanted = wanted_in(document)
    work = _Work(actor, Report(dry_run, skipped=wanted.skipped, notes=wanted.notes), update=update)
    if own:
        for row in wanted.monitors:
            row |= {"url": placeholders.moved(row["url"], own)} if "url" in row else {}
    for kind, rows in ((CHANNELS, wanted.channels), (MONITORS, wanted.monitors)):
        named = [_named(row) for row in _filled(rows, kind, placeholders.values(known), work.report)]
        _tell_apart(named)
        (work.take_channels if kind == CHANNELS else work.take_monitors)(named)
    return work.report


def _named(row: Row) -> Row:
    row["name"] = row["name"].strip()
    return row


def _filled(rows: list[Row], kind: str, known: Mapping[str, str], report: Report) -> list[Row]:
    found = []
    for row in rows:
        headers = row.get("headers")
        if isinstance(headers, dict):
            kept = {name: value for name, value in headers.items() if not placeholders.is_token(str(value))}
            row |= {"headers": kept} | ({"uses_monitoring_token": True} if len(kept) < len(headers) else {})
        try:
            found.append(placeholders.filled(row, known))
        except placeholders.NotKnown as unknown:
            report.skipped.append(Skipped(kind, row["name"], str(unknown)))
    return found


def _tell_apart(rows: list[Row]) -> None:
    """Two of one name in a file are two: the second is numbered, each time alike."""
    seen: Counter[str] = Counter()
    for row in rows:
        seen[row["name"]] += 1
        if seen[row["name"]] > 1:
            row["name"] = f"{row['name'][:140]} ({seen[row['name']]})"


class _Work:
    """One import under way: what is here under which name, and what was found out."""

    def __init__(self, actor: User, report: Report, *, update: bool) -> None:
        self.actor, self.report, self.update = actor, report, update
        rows = NotificationChannel.objects.values_list("name", "pk")
        self.channel_keys: dict[str, int | None] = dict(rows)
        # The oldest of several of one name.
        self.here = {row.name: row for row in Monitor.objects.order_by("-pk").prefetch_related("tags")}
        self.policies = dict(EscalationPolicy.objects.values_list("name", "pk"))

    def _skip(self, kind: str, name: str, reason: object) -> None:
        self.report.skipped.append(Skipped(kind, name, str(reason)))

    def _note(self, kind: str, name: str, note: str) -> None:
        self.report.notes.append(Skipped(kind, name, note))

    # --- channels ------------------------------------------------------------
    def take_channels(self, rows: list[Row]) -> None:
        count = self.report.notification_channels
        for row in rows:
            name = row["name"]
            if name in self.channel_keys:
                count.unchanged.append(name)
                continue
            try:
                self.channel_keys[name] = self._add_channel(row)
                count.added.append(name)
            except Refused as refused:
                self._skip(CHANNELS, name, _reason(refused))

    def _add_channel(self, row: Row) -> int | None:
        kind, config = str(row.get("type")), row.get("config")
        if kind not in configs.KEYS:
            raise DoesNotFit.by({"type": ["There is no such type."]})
        if "…" in orjson.dumps(config).decode():
            raise DoesNotFit.by({"config": ["Its secrets are not in the file."]})
        configs.check(kind, config)
        return None if self.report.dry_run else channels.save_channel(self.actor, row).pk

    # --- monitors ------------------------------------------------------------
    def take_monitors(self, rows: list[Row]) -> None:
        prepared = [(row, found) for row in rows if (found := self._prepared(row)) is not None]
        wanted = {target for _row, found in prepared for target in monitor_settings.targets(found)}
        private = set(targets.refused(wanted))
        allowed = []
        for row, found in prepared:
            if private & set(monitor_settings.targets(found)):
                self._skip(MONITORS, row["name"], TargetRefused.message)
            else:
                allowed.append((row, found))
        for row, found in allowed:
            self._take_monitor(row, found)
        self._set_parents([row for row, _found in allowed])

    def _prepared(self, row: Row) -> Row | None:
        settings = {name: value for name, value in row.items() if name not in REFERENCES}
        if isinstance(headers := settings.get("headers"), dict):
            settings["headers"] = self._known_headers(row["name"], headers)
        try:
            return monitors.prepare(settings)
        except Refused as refused:
            self._skip(MONITORS, row["name"], _reason(refused))
            return None

    def _known_headers(self, monitor: str, headers: Row) -> Row:
        missing = [name for name, value in headers.items() if value is None]
        if missing and monitor not in self.here:
            self._note(MONITORS, monitor, f"Not in the file: the value of {', '.join(missing)}.")
        return {name: value for name, value in headers.items() if name not in missing}

    def _take_monitor(self, row: Row, found: Row) -> None:
        name, count = row["name"], self.report.monitors
        found |= self._references(row)
        known = self.here.get(name)
        try:
            if known is None:
                self._add_monitor(row, found)
                count.added.append(name)
            elif self.update and (changes := _differing(known, found, row)):
                if not self.report.dry_run:
                    monitors.update_monitor(self.actor, known.pk, changes)
                count.changed.append(name)
            else:
                count.unchanged.append(name)
        except Refused as refused:
            self._skip(MONITORS, name, _reason(refused))

    def _add_monitor(self, row: Row, found: Row) -> None:
        if self.report.dry_run:
            return
        token = _usable_token(row.get("push_token"))
        if row.get("push_token") and token is None:
            self._note(
                MONITORS, row["name"], "It is called at a new address: the old one is taken, or too short."
            )
        self.here[row["name"]] = monitors.add_prepared(self.actor, found, token)

    def _references(self, row: Row) -> Row:
        """To what is here by these names; what is not is told."""
        keys = self._channels(row)
        found: Row = {"notification_channels": keys} if keys else {}
        policy = row.get("escalation")
        if isinstance(policy, str) and policy in self.policies:
            found["escalation"] = self.policies[policy]
        elif policy:
            self._note(MONITORS, row["name"], f"There is no escalation policy {policy!r}.")
        return found

    def _channels(self, row: Row) -> list[int]:
        keys: list[int] = []
        for name in row.get("notification_channels") or []:
            if not isinstance(name, str) or name not in self.channel_keys:
                self._note(MONITORS, row["name"], f"There is no channel {name!r}.")
            elif (key := self.channel_keys[name]) and key not in keys:
                keys.append(key)
        return keys

    def _set_parents(self, rows: list[Row]) -> None:
        """After all are there: a file may name a child before its parent."""
        for row in rows:
            child, name = self.here.get(row["name"]), row.get("parent")
            if not isinstance(name, str) or child is None or self.report.dry_run:
                continue
            parent = self.here.get(name.strip())
            if parent is None:
                self._note(MONITORS, row["name"], f"There is no monitor {name!r} to be its parent.")
            elif row["name"] in self.report.monitors.added or (self.update and child.parent_id != parent.pk):
                self._set_parent(child, parent)

    def _set_parent(self, child: Monitor, parent: Monitor) -> None:
        try:
            monitors.update_monitor(self.actor, child.pk, {"parent": parent.pk})
        except Refused as refused:
            self._note(MONITORS, child.name, f"Without its parent: {_reason(refused)}")


def _reason(refused: Refused) -> str:
    fields: Any = refused.details.get("fields") or {}
    return "; ".join(f"{name}: {reasons[0]}" for name, reasons in fields.items()) or str(refused)


def _usable_token(token: object) -> str | None:
    """One that cannot be guessed, of letters that stand in an address, and of nobody else."""
    if not (isinstance(token, str) and token.isascii() and token.replace("-", "").replace("_", "").isalnum()):
        return None
    usable = 10 <= len(token) <= 43 and not Monitor.objects.filter(push_token=token).exists()
    return token if usable else None


def _differing(known: Monitor, found: Row, row: Row) -> Row:
    """What the file says otherwise. Of what it does not speak stays as it is."""
    spoken = row.keys() | {"options"}
    tags = sorted(tag.name for tag in known.tags.all())
    stored: Row = {**monitor_settings.as_settings(known), "tags": tags}
    changes: Row = {}
    for name in stored.keys() & found.keys() & spoken:
        value: Any = sorted(found[name]) if name == "tags" else found[name]
        if name == "headers":
            hidden = [header for header, said in (row.get("headers") or {}).items() if said is None]
            value = {**value, **{header: stored["headers"].get(header) for header in hidden}}
        if value != stored[name]:
            changes[name] = value
    return changes
