from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from monitoring.models.monitors import Monitor, Status

BOUNDS_MS = (10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000)
"""Upper bounds of the columns `ms_0` … `ms_10` of a roll-up; what took longer is in `ms_11`."""


class Check(models.Model):
    """One attempt. On PostgreSQL partitioned by day; kept for `KEEP_HISTORY_DAYS`."""

    pk = models.CompositePrimaryKey("monitor_id", "at")
    monitor = models.ForeignKey(
        Monitor, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="checks"
    )
    at = models.DateTimeField()
    status = models.CharField(max_length=11, choices=Status.choices)
    is_up = models.BooleanField(null=True, help_text=_("Empty: this host could not tell."))
    response_ms = models.FloatField(null=True)
    status_code = models.PositiveIntegerField(null=True)
    error = models.CharField(max_length=500, blank=True)
    answer = models.CharField(max_length=1000, blank=True, help_text=_("How the answer begins."))

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.monitor_id} at {self.at:%Y-%m-%d %H:%M:%S}: {self.status}"


class Stat(models.Model):
    """What the checks of an hour or a day add up to. `start` is UTC."""

    start = models.DateTimeField()
    up = models.PositiveIntegerField(default=0)
    down = models.PositiveIntegerField(default=0)
    unknown = models.PositiveIntegerField(default=0)
    maintenance = models.PositiveIntegerField(default=0)
    sum_ms = models.FloatField(default=0)
    min_ms = models.FloatField(null=True)
    max_ms = models.FloatField(null=True)
    ms_0 = models.PositiveIntegerField(default=0)
    ms_1 = models.PositiveIntegerField(default=0)
    ms_2 = models.PositiveIntegerField(default=0)
    ms_3 = models.PositiveIntegerField(default=0)
    ms_4 = models.PositiveIntegerField(default=0)
    ms_5 = models.PositiveIntegerField(default=0)
    ms_6 = models.PositiveIntegerField(default=0)
    ms_7 = models.PositiveIntegerField(default=0)
    ms_8 = models.PositiveIntegerField(default=0)
    ms_9 = models.PositiveIntegerField(default=0)
    ms_10 = models.PositiveIntegerField(default=0)
    ms_11 = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True


class HourStat(Stat):
    """Kept for 400 days."""

    pk = models.CompositePrimaryKey("monitor_id", "start")
    monitor = models.ForeignKey(
        Monitor, models.CASCADE, db_constraint=False, db_index=False, related_name="hours"
    )

    class Meta:
        ordering = ["start"]
        indexes = [models.Index(fields=["start"], name="hour_stat_by_start")]

    def __str__(self) -> str:
        return f"{self.monitor_id} {self.start:%Y-%m-%d %H}"


class DayStat(Stat):
    """Kept for ever."""

    pk = models.CompositePrimaryKey("monitor_id", "start")
    monitor = models.ForeignKey(
        Monitor, models.CASCADE, db_constraint=False, db_index=False, related_name="days"
    )

    class Meta:
        ordering = ["start"]

    def __str__(self) -> str:
        return f"{self.monitor_id} {self.start:%Y-%m-%d}"


class Spell(models.Model):
    """A time during which a monitor was of one status. They follow each other without gap or overlap.

    The source of uptime, weighted by time. `pending` is none of them: what recovers was up, and what does
    not was down from its first failing check on.
    """

    monitor = models.ForeignKey(Monitor, models.CASCADE, related_name="spells", db_index=False)
    status = models.CharField(max_length=11, choices=Status.choices)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["started_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["monitor"], condition=Q(ended_at=None), name="one_spell_at_a_time"
            ),
            models.CheckConstraint(condition=~Q(status=Status.PENDING), name="no_spell_is_pending"),
        ]
        indexes = [
            models.Index(fields=["monitor", "started_at"], name="spell_by_start"),
            models.Index(fields=["monitor", "ended_at"], name="spell_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.monitor_id} {self.status} since {self.started_at:%Y-%m-%d %H:%M:%S}"
