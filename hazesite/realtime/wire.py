"""What an ASGI server is given to send, with its bytes on the wire made once for all who get it."""

from __future__ import annotations

from typing import Any


def message(text: str) -> dict[str, Any]:
    """An ASGI `websocket.send`. `wire` is for `websocket_protocol`; other servers look at `text` alone."""
    return {"type": "websocket.send", "text": text, "wire": frame(text.encode())}


def frame(payload: bytes) -> bytes:
    """A whole text message as RFC 6455 (5.2) frames it. What servers send is not masked."""
    size = len(payload)
    if size < 126:
        head = bytes((0x81, size))
    elif size < 1 << 16:
        head = b"\x81\x7e" + size.to_bytes(2, "big")
    else:
        head = b"\x81\x7f" + size.to_bytes(8, "big")
    return head + payload
