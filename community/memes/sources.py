"""Reddit's public JSON and Lemmy's API v3: one request gives a listing, from which pictures are taken."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.utils.translation import gettext as _

from community.asking import get_json, host_of
from community.errors import SourceTrouble, failed

logger = structlog.get_logger(__name__)
Meme = dict[str, Any]
REDDIT, LEMMY = "reddit", "lemmy"
SOURCES = (REDDIT, LEMMY)
COMMUNITIES_TRIED = 2
SUBREDDIT = re.compile(r"(?:/?r/)?([A-Za-z0-9_]{2,50})/?\Z")
INSTANCE = re.compile(r"(?:https?://)?((?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?)\Z")
COMMUNITY = re.compile(r"!?([A-Za-z0-9_]{1,50}(?:@[A-Za-z0-9.-]{1,253})?)\Z")
PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp)\Z", re.IGNORECASE)
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def ask(source: str, places: list[str]) -> list[Meme]:
    """What is new there: one request, and for Lemmy another only where one failed. Raises `SourceTrouble`."""
    return ASK[source](places)


# --- Reddit ------------------------------------------------------------------
def _reddit(places: list[str]) -> list[Meme]:
    """All subreddits in one listing."""
    names = [found[1] for place in places if (found := SUBREDDIT.match(place))]
    if not names:
        raise failed(REDDIT, _("no subreddit is configured"))
    url = f"{settings.REDDIT_API_URL}/r/{'+'.join(names)}/hot.json"
    params = {"limit": "100", "t": "day", "raw_json": "1"}
    body = get_json(REDDIT, url, params=params, trusted=[host_of(settings.REDDIT_API_URL)])
    posts = _listed(body, "data", "children")
    if posts is None:
        raise failed(REDDIT, _("it is no listing"))
    return list(_parsed(posts, _from_reddit))


def _from_reddit(entry: Any) -> Meme | None:
    post = entry["data"]
    unfit = ("stickied", "is_video", "is_gallery", "is_self", "over_18", "spoiler")
    url = _picture(post.get("url_overridden_by_dest") or post.get("url"))
    if url is None or any(post.get(flag) for flag in unfit):
        return None
    return {
        "title": str(post["title"])[:300],
        "url": url,
        "source": REDDIT,
        "subreddit": str(post["subreddit"]),
        "community": None,
        "author": str(post.get("author") or ""),
        "score": int(post.get("score") or 0),
        "permalink": f"https://www.reddit.com{post.get('permalink') or ''}",
        "nsfw": False,
    }


# --- Lemmy -------------------------------------------------------------------
def _lemmy(places: list[str]) -> list[Meme]:
    """One community, another each time; a second one where it fails."""
    trouble: SourceTrouble = failed(LEMMY, _("no community is configured"))
    for place in random.sample(places, min(len(places), COMMUNITIES_TRIED)):
        try:
            return _community(place)
        except SourceTrouble as error:
            logger.info("community_failed", place=place, error=str(error))
            trouble = error
    raise trouble


def _community(place: str) -> list[Meme]:
    instance, _at, name = place.partition("@")
    host, named = INSTANCE.match(instance), COMMUNITY.match(name)
    if host is None or named is None:
        raise failed(LEMMY, _("%(place)s is no instance@community") % {"place": place})
    params = {"community_name": named[1], "sort": "Hot", "type_": "All", "limit": "50"}
    body = get_json(LEMMY, f"{_scheme(host[1])}://{host[1]}/api/v3/post/list", params=params)
    posts = _listed(body, "posts")
    if posts is None:
        raise failed(LEMMY, _("it is no list of posts"))
    return list(_parsed(posts, lambda entry: _from_lemmy(entry, f"{host[1]}@{named[1]}")))


def _scheme(host: str) -> str:
    """A host of this machine has no certificate; the guard lets it through only where it is named."""
    return "http" if re.sub(r":\d+\Z", "", host) in LOOPBACK else "https"


def _from_lemmy(entry: Any, place: str) -> Meme | None:
    post = entry["post"]
    unfit = ("nsfw", "removed", "deleted", "featured_community", "featured_local")
    url = _picture(post.get("url"), str(post.get("url_content_type") or ""))
    if url is None or entry["community"].get("nsfw") or any(post.get(flag) for flag in unfit):
        return None
    return {
        "title": str(post["name"])[:300],
        "url": url,
        "source": LEMMY,
        "subreddit": None,
        "community": place,
        "author": str(entry["creator"]["name"]),
        "score": int(entry["counts"]["score"]),
        "permalink": str(post.get("ap_id") or ""),
        "nsfw": False,
    }


# --- both --------------------------------------------------------------------
def _listed(body: Any, *path: str) -> list[Any] | None:
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    return body if isinstance(body, list) else None


def _parsed(posts: Iterable[Any], read: Callable[[Any], Meme | None]) -> Iterator[Meme]:
    """Posts that are misshapen are left out: the others are as good as ever."""
    for entry in posts:
        try:
            meme = read(entry)
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
        if meme is not None:
            yield meme


def _picture(url: Any, content_type: str = "") -> str | None:
    """The address, if it is that of a picture."""
    if not isinstance(url, str) or len(url) > 2000:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    is_one = PICTURE.search(parts.path) or content_type.startswith("image/")
    return url if is_one else None


def fingerprint(meme: Meme) -> str:
    """The same picture under the same address, whatever stands behind `?`."""
    parts = urlsplit(meme["url"])
    return hashlib.sha256(f"{parts.hostname}{parts.path}".encode()).hexdigest()[:32]


ASK: dict[str, Callable[[list[str]], list[Meme]]] = {REDDIT: _reddit, LEMMY: _lemmy}
