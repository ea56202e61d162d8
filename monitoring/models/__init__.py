"""What is watched, what was seen, and who is told.

* `monitors`: the settings of a monitor, and beside them the row that the engine writes all the time.
* `history`: single checks, their roll-ups by hour and day, and the spells of one status after another.
* `incidents`: times of being down, and of being slow.
* `channels`: where alerts go, and in which order people hear of what nobody acknowledges.
* `alerts`: what each channel was told.
* `windows`: planned maintenance.  `pages`: what the public sees.
"""

from __future__ import annotations

from monitoring.models.alerts import Alert
from monitoring.models.channels import EscalationPolicy, EscalationStep, NotificationChannel
from monitoring.models.history import Check, DayStat, HourStat, Spell
from monitoring.models.incidents import Incident, IncidentNote, SlowSpell
from monitoring.models.monitors import Monitor, MonitorState, Severity, Status, Tag
from monitoring.models.pages import StatusPage, StatusPageEntry
from monitoring.models.windows import MaintenanceWindow

__all__ = [
    "Alert",
    "Check",
    "DayStat",
    "EscalationPolicy",
    "EscalationStep",
    "HourStat",
    "Incident",
    "IncidentNote",
    "MaintenanceWindow",
    "Monitor",
    "MonitorState",
    "NotificationChannel",
    "Severity",
    "SlowSpell",
    "Spell",
    "Status",
    "StatusPage",
    "StatusPageEntry",
    "Tag",
]
