"""Where ranks come from: an interface, and the one adapter there is, for tracker.gg's profiles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from django.conf import settings
from django.utils.translation import gettext as _

from community.asking import get_json, host_of
from community.errors import SourceTrouble, failed
from community.rocketleague.tiers import PLAYLIST_IDS, PLAYLISTS, UNRANKED, tier_number

TRACKER = "tracker.gg"
NOT_FOUND = "CollectorResultStatus::NotFound"
UNKNOWN_PAUSE_SECONDS = 600.0
UNKNOWN_PLAYER = "unknown_player"


@dataclass(frozen=True)
class Player:
    """`ranks` by playlist: `tier` and `division` in words, `mmr`, `tier_number` (0 is unranked)."""

    username: str
    season: int
    ranks: dict[str, dict[str, Any]]


class RankSource(Protocol):
    name: str

    def player(self, platform: str, username: str) -> Player:
        """Blocks for some seconds at most. Raises `SourceTrouble`; an unknown player is one of status 404."""


class Tracker:
    """`/standard/profile/<platform>/<username>`. No redirect is followed: the key is for that host alone."""

    name = TRACKER

    def player(self, platform: str, username: str) -> Player:
        url = f"{settings.ROCKET_LEAGUE_API_URL}/standard/profile/{platform}/{quote(username, safe='')}"
        body = get_json(
            TRACKER,
            url,
            trusted=[host_of(settings.ROCKET_LEAGUE_API_URL)],
            missing_is_answer=True,
            follow_redirects=False,
            headers={"TRN-Api-Key": settings.ROCKET_LEAGUE_API_KEY},
        )
        try:
            return _player(body, username)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise failed(TRACKER, _("it is no profile")) from error


def source() -> RankSource:
    return Tracker()


def unknown_player(name: str) -> SourceTrouble:
    sentence = _("%(source)s knows no such player.") % {"source": name}
    return SourceTrouble(sentence, status=404, code=UNKNOWN_PLAYER, source=name, pause=UNKNOWN_PAUSE_SECONDS)


def _player(body: Any, asked: str) -> Player:
    if _is_unknown(body):
        raise unknown_player(TRACKER)
    data = body["data"]
    handle = (data.get("platformInfo") or {}).get("platformUserHandle")
    rows = [one for one in data["segments"] if one.get("type") == "playlist"]
    season = max((_season(one) for one in rows), default=0)
    newest = (one for one in rows if _season(one) == season)
    return Player(str(handle or asked)[:64], season, _ranks(newest))


def _is_unknown(body: Any) -> bool:
    return body is None or any(one.get("code") == NOT_FOUND for one in body.get("errors") or [])


def _ranks(segments: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found = {_playlist(one): _rank(one["stats"]) for one in segments if _playlist(one)}
    return {name: found[name] for name in PLAYLISTS if name in found}


def _season(segment: dict[str, Any]) -> int:
    return int((segment.get("attributes") or {}).get("season") or 0)


def _playlist(segment: dict[str, Any]) -> str | None:
    """By its number; by its name only where it is one of the ranked ones."""
    number = (segment.get("attributes") or {}).get("playlistId")
    if number is not None:
        return PLAYLIST_IDS.get(int(number))
    title = str((segment.get("metadata") or {}).get("name") or "")
    return next((name for name in PLAYLISTS if title.startswith("Ranked") and name in title), None)


def _rank(stats: dict[str, Any]) -> dict[str, Any]:
    tier = stats["tier"]
    name = str((tier.get("metadata") or {})["name"])
    division = ((stats.get("division") or {}).get("metadata") or {}).get("name")
    rating = (stats.get("rating") or {}).get("value")
    number = tier_number(name)
    return {
        "tier": name,
        "division": str(division) if division and number != UNRANKED else None,
        "mmr": int(rating) if rating is not None else None,
        "tier_number": number,
    }
