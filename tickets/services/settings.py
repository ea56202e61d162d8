from __future__ import annotations

from typing import Any

from botconfig.services import read_section


def ticket_settings() -> dict[str, Any]:
    """The section `tickets` of the bot's configuration. One query."""
    return read_section("tickets").values
