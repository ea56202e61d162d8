"""Requests that their receiver can verify, as https://www.standardwebhooks.com says."""

from __future__ import annotations

from datetime import UTC, datetime

from standardwebhooks import Webhook as Signer


def signed(secret: str, thing: str, body: str) -> dict[str, str]:
    """The headers of a request that is sent now."""
    now = datetime.now(UTC)
    return {
        "webhook-id": thing,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Signer(secret).sign(thing, now, body),
    }
