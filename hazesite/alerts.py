"""Telling staff that something is wrong, from anywhere: whoever can reach them has registered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.urls import reverse

Alerter = Callable[[str, str, str], int]
ALERTERS: list[Alerter] = []
"""Called with subject, text and key; how many people that is. They write rows in the caller's transaction."""


def alert_staff(subject: str, text: str, key: str) -> int:
    """Once for each `key` (`monitor-7-down-2026-01-31`, say), however often it is said within a week."""
    return sum(alert(subject, text, key) for alert in ALERTERS)


def desk_page(name: str, *args: Any) -> str:
    """The whole address of a page of the admin, for an alert to point to."""
    return f"{settings.PUBLIC_URL}{reverse(f'admin:{name}', args=args)}"
