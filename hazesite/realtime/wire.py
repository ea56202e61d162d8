"""A text message as it goes over a WebSocket: framed once for all who get it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

STRAIGHT = "hazesite.straight"
HEADS = {126: 4, 127: 10}
"""Bytes before the payload, by the second one; else there are two."""


def straight(scope: Mapping[str, Any]) -> Callable[[bytes], bool]:
    """What writes a frame at once to the socket of this scope, and says whether it could.

    It is an ASGI extension of `websocket_protocol`; with any other server it never can.
    """
    found: Callable[[bytes], bool] = (scope.get("extensions") or {}).get(STRAIGHT, _never)
    return found


def _never(_framed: bytes) -> bool:
    return False


def frame(text: str) -> bytes:
    """A whole text message as RFC 6455 (5.2) frames it. What servers send is not masked."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        return b"\x81%c%b" % (size, payload)
    if size < 1 << 16:
        return b"\x81\x7e%b%b" % (size.to_bytes(2, "big"), payload)
    return b"\x81\x7f%b%b" % (size.to_bytes(8, "big"), payload)


def text(framed: bytes) -> str:
    """What `frame` framed."""
    return framed[HEADS.get(framed[1], 2) :].decode()


def message(framed: bytes) -> dict[str, Any]:
    """The same as every ASGI server takes it."""
    return {"type": "websocket.send", "text": text(framed)}
