"""Which web pages may open a socket: the site's own, and those in `CORS_ORIGINS`. Programs send no origin."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host


def is_allowed(origin: str, host: str) -> bool:
    """`host`: the request's Host header."""
    if origin == settings.PUBLIC_ORIGIN or origin in settings.CORS_ALLOWED_ORIGINS:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or parts.netloc.lower() != host.lower():
        return False
    return validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)


def declines_tracking(dnt: object, gpc: object) -> bool:
    """By the values of the headers `DNT` and `Sec-GPC`."""
    return dnt in ("1", b"1") or gpc in ("1", b"1")
