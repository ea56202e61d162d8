from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class Seen(NamedTuple):
    """One use, as it was seen. `client_session` and what follows `failed` is as the client says."""

    at: float
    user_id: int
    role: str
    sign_in: str
    client_session: str
    feature: str
    failed: bool = False
    platform: str = ""
    version: str = ""
    device: str = ""
    address: str = ""


class Use(NamedTuple):
    """Cleaned: as often within one minute as a client did the same."""

    at: datetime
    last_at: datetime
    times: int
    user: int
    role: str
    thread: int
    feature: str
    failed: bool
    platform: str
    version: str
    device: str
    address: str
