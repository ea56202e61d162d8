"""Ranks of Rocket League, lowest first, and the playlists that have them."""

from __future__ import annotations

_NAMES = ("Bronze", "Silver", "Gold", "Platinum", "Diamond", "Champion", "Grand Champion")
TIERS = (
    "Unranked",
    *(f"{name} {step}" for name in _NAMES for step in ("I", "II", "III")),
    "Supersonic Legend",
)
UNRANKED = 0
PLAYLISTS = ("1v1", "2v2", "3v3", "4v4")
PLAYLIST_IDS = {10: "1v1", 11: "2v2", 13: "3v3", 61: "4v4"}


def tier_number(name: str) -> int:
    """Its place in `TIERS`; one that is unknown counts as unranked."""
    return TIERS.index(name) if name in TIERS else UNRANKED
