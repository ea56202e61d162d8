"""The rows of the project package itself."""

from __future__ import annotations

from hazesite.jobs.models import Job, PeriodicSlot

__all__ = ["Job", "PeriodicSlot"]
