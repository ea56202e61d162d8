"""The rows of the project package itself."""

from __future__ import annotations

from hazesite.error_reports.models import ErrorReport
from hazesite.jobs.models import Job, PeriodicSlot

__all__ = ["ErrorReport", "Job", "PeriodicSlot"]
