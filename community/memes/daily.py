"""The meme of the day, into its channel: once, and late where the server slept through its time."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction
from django.utils import timezone

from botconfig.services import read_section
from community import channel_posts
from community.errors import SourceTrouble
from community.memes.models import DailyMeme
from community.memes.services import memes_of, wish, without
from community.memes.sources import Meme, fingerprint

logger = structlog.get_logger(__name__)
FIELD = "meme_channel_id"
NOT_AGAIN = timedelta(days=30)
BEST = 50
"""One of so many with the highest scores."""


def post_daily_meme(now: datetime | None = None) -> bool:
    """Whether one was queued now. A source that fails is tried again at the next call, all day."""
    day = _day_due(now or timezone.now())
    if day is None or DailyMeme.objects.filter(day=day).exists():
        return False
    if read_section("channels").values[FIELD] is None:
        return False
    try:
        memes = memes_of(wish(), in_place=True)
    except SourceTrouble as error:
        logger.warning("daily_meme_not_found", error=str(error))
        return False
    return _post(day, memes) if memes else False


def _day_due(now: datetime) -> date | None:
    """The day whose meme is due, in the community's time zone."""
    values = read_section("meme").values
    local = now.astimezone(ZoneInfo(values["daily_time_zone"]))
    due = (local.hour, local.minute) >= (values["daily_hour"], values["daily_minute"])
    return local.date() if values["daily_enabled"] and due else None


def _post(day: date, memes: list[Meme]) -> bool:
    recent = DailyMeme.objects.filter(at__gt=timezone.now() - NOT_AGAIN)
    fresh = without(memes, set(recent.values_list("meme", flat=True))) or memes
    best = sorted(fresh, key=lambda meme: meme["score"], reverse=True)[:BEST]
    return queue_daily_meme(day, random.choice(best))  # noqa: S311 - no secret


@transaction.atomic
def queue_daily_meme(day: date, meme: Meme) -> bool:
    """False: the day has its meme already."""
    facts = {"meme": fingerprint(meme), "title": meme["title"], "url": meme["url"], "source": meme["source"]}
    _row, made = DailyMeme.objects.get_or_create(day=day, defaults=facts)
    if made:
        role = read_section("roles").values["meme_role_id"]
        content = f"<@&{role}>" if role else ""
        channel_posts.post(
            FIELD, f"daily-meme:{day}", embed_of(meme), content=content, roles=[role] if role else []
        )
    return made


def embed_of(meme: Meme) -> dict[str, Any]:
    """As Discord shows it."""
    place = f"r/{meme['subreddit']}" if meme["subreddit"] else meme["community"]
    return {
        "title": meme["title"][:256],
        "url": meme["permalink"] or meme["url"],
        "image": {"url": meme["url"]},
        "footer": {"text": f"Daily Meme · {place} · {meme['score']} points · {meme['author']}"[:2048]},
    }
