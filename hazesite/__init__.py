"""HazeBot's server: what all apps stand on, and the wiring."""

from __future__ import annotations

__version__ = "0.1.0"
