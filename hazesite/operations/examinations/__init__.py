"""What the project package can tell of itself; importing this registers it. Apps have their own."""

from __future__ import annotations

from hazesite.operations.examinations import machine, programs, safety, stores, work

__all__ = ["machine", "programs", "safety", "stores", "work"]
