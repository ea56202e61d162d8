"""Memes that are known already, so that no other site is asked."""

from __future__ import annotations

from django.utils import timezone

from community.memes import services
from community.memes.models import Listing


def meme(number: int, source: str = "reddit") -> services.Meme:
    place = {"reddit": "memes", "lemmy": "lemmy.example@memes"}[source]
    return {
        "title": f"Meme {number}",
        "url": f"https://pictures.example/{source}/{number}.png",
        "source": source,
        "subreddit": place if source == "reddit" else None,
        "community": place if source == "lemmy" else None,
        "author": "someone",
        "score": 100 + number,
        "permalink": f"https://posts.example/{source}/{number}",
        "nsfw": False,
    }


def stock_memes(count: int = 5) -> None:
    """So many of each source that is switched on, fetched just now."""
    for places in services.wish().places:
        value = [meme(number, places.source) for number in range(count)]
        row = {"value": value, "fetched_at": timezone.now(), "retry_at": None, "failure": None}
        Listing.objects.update_or_create(key=places.key, defaults=row)
