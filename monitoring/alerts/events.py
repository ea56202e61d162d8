"""The kinds of alerts. They are names on the wire, in templates and in `Alert`: they never change."""

from __future__ import annotations

DOWN, UP, WAS_DOWN = "down", "up", "was_down"
ESCALATION, REMINDER = "escalation", "reminder"
SLOW, FAST, WAS_SLOW = "slow", "fast", "was_slow"
FLAPPING, DIGEST, SUMMARY, TEST = "flapping", "digest", "summary", "test"
SETTLED = "settled"
"""Of a delivery only: it looks whether a monitor that flapped has come to rest."""
TEMPLATED = (DOWN, UP, WAS_DOWN, ESCALATION, REMINDER, SLOW, FAST, WAS_SLOW, FLAPPING)
