from __future__ import annotations

from dataclasses import dataclass

from hazesite.events import Event


@dataclass(frozen=True)
class RankedUp(Event):
    """The row says who, in which playlist, from where to where."""

    type = "rocket_league.rank_up"

    rank_up_id: int
    user_id: int
    playlist: str
    from_tier: str
    to_tier: str
