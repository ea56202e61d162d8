"""The rows of the project package itself."""

from __future__ import annotations

from hazesite.audit.models import AuditEntry, AuditRetention
from hazesite.error_reports.models import ErrorReport
from hazesite.heartbeats.models import Heartbeat
from hazesite.jobs.models import Job, PeriodicSlot
from hazesite.outgoing.models import Delivery

__all__ = ["AuditEntry", "AuditRetention", "Delivery", "ErrorReport", "Heartbeat", "Job", "PeriodicSlot"]
