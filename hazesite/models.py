"""The rows of the project package itself."""

from __future__ import annotations

from hazesite.error_reports.models import ErrorReport
from hazesite.jobs.models import Job, PeriodicSlot
from hazesite.outgoing.models import Delivery

__all__ = ["Delivery", "ErrorReport", "Job", "PeriodicSlot"]
