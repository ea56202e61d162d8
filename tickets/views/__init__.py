"""The REST doors of the tickets."""

from __future__ import annotations
