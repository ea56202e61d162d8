"""What every answer says to browsers, whoever made it: a view, the outermost layer, the socket library.

A view that needs it otherwise says so itself (a badge that other sites show: `Cross-Origin-Resource-Policy`).
"""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

Headers = list[tuple[bytes, bytes]]
NOTHING = b"default-src 'none'; frame-ancestors 'none'"
"""For what is no page: nothing may run or load where a browser shows it after all."""
UNUSED = (
    "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid", "magnetometer",
    "microphone", "midi", "payment", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
PERMISSIONS = ", ".join(f"{feature}=()" for feature in UNUSED).encode()
USUAL: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", settings.SECURE_REFERRER_POLICY.encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    # Web apps elsewhere ask by CORS, which this leaves alone; what they merely embed is refused.
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", PERMISSIONS),
    (b"content-security-policy", NOTHING),
]
SECONDS = settings.SECURE_HSTS_SECONDS
HSTS: Headers = [(b"strict-transport-security", f"max-age={SECONDS}".encode())] if SECONDS else []
OVER_TLS: Headers = [*USUAL, *HSTS]


def completed(headers: Iterable[tuple[bytes, bytes]], scheme: str) -> Headers:
    """The headers of an answer and those it does not have yet; `scheme` as the client sees it."""
    given = list(headers)
    said = {name.lower() for name, _value in given}
    usual = OVER_TLS if scheme in ("https", "wss") else USUAL
    return given + [header for header in usual if header[0] not in said]
