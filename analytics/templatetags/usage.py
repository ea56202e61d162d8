"""Figures as people read them."""

from __future__ import annotations

from django import template

from analytics.dashboard import percent, span

register = template.Library()
register.filter("span", span)
register.filter("share", percent)


@register.filter
def plain(value: float) -> str:
    """For machines: with a point, whatever the language."""
    return f"{value:.4f}"
