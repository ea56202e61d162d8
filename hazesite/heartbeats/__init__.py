"""Who of our processes is alive: workers, and whatever an app runs beside them. One row for each."""

from __future__ import annotations
