"""One request of a check over HTTP, with its redirects, each of which is judged again."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import aiohttp
from django.conf import settings
from yarl import URL

from monitoring.connecting import Connections, SeesCertificate
from monitoring.targets import is_this_site, target_of_url

if TYPE_CHECKING:
    from monitoring.types.base import Watched

MOST_BYTES = 1024 * 1024
MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
HARMLESS = frozenset({"accept", "accept-language", "user-agent", "cache-control"})
"""Headers that are sent to another origin too: what else an admin typed may be a secret."""


class LeadsNowhere(OSError):
    """A redirect to what is no address."""


@lru_cache(maxsize=16_384)
def parsed(url: str) -> URL:
    return URL(url)


@dataclass(frozen=True, slots=True)
class Wanted:
    method: str
    url: URL
    headers: Mapping[str, str]
    body: str = ""
    token: str = ""
    """A monitoring token of this site, sent to this site alone."""
    redirects: int = MAX_REDIRECTS
    verified: bool = True

    @classmethod
    def of(cls, watched: Watched, token: str = "") -> Wanted:
        return cls(
            watched.method,
            parsed(watched.url),
            watched.headers,
            watched.body,
            token,
            int(watched.options.get("max_redirects", MAX_REDIRECTS)),
            not watched.options.get("ignore_certificate", False),
        )

    def at(self, url: URL) -> Wanted:
        return replace(self, url=url)

    def following_nothing(self) -> Wanted:
        return replace(self, redirects=0)

    def after(self, status: int, location: str) -> Wanted:
        """What is asked next. What may be secret goes to no other origin, and comes back from none."""
        following = replace(self, url=self._joined(location), redirects=self.redirects - 1)
        if status == 303 or (status in (301, 302) and self.method == "POST"):
            method = "HEAD" if self.method == "HEAD" else "GET"
            following = replace(following, method=method, body="")
        if following.url.origin() != self.url.origin():
            harmless = {name: value for name, value in self.headers.items() if name.lower() in HARMLESS}
            following = replace(following, headers=harmless, body="", token="")
        return following

    def _joined(self, location: str) -> URL:
        try:
            url = self.url.join(URL(location))
        except ValueError as error:
            raise LeadsNowhere(f"The redirect leads to no address: {location[:100]}") from error
        if url.scheme not in ("http", "https") or not url.host:
            raise LeadsNowhere(f"The redirect leads out of the web: {location[:100]}")
        return url


@dataclass(frozen=True, slots=True)
class Page:
    status: int
    text: str
    is_whole: bool
    certificate: bytes | None


async def request(connections: Connections, wanted: Wanted) -> Page:
    """The answer at the end of all redirects. Raises `AddressRefused`, `OSError` and aiohttp's errors."""
    while True:
        connections.require_allowed(wanted.url.host or "", wanted.url.port or 80)
        async with connections.web.request(
            wanted.method,
            wanted.url,
            headers=_headers(wanted),
            data=wanted.body.encode() or None,
            allow_redirects=False,
            ssl=True if wanted.verified else _blind(),
        ) as answer:
            location = answer.headers.get("Location")
            if answer.status not in REDIRECTS or not location or not wanted.redirects:
                return await _page(answer)
        wanted = wanted.after(answer.status, location)


def _headers(wanted: Wanted) -> dict[str, str]:
    headers = dict(wanted.headers)
    if wanted.token and is_ours(str(wanted.url)):
        headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
        headers["Authorization"] = f"Bearer {wanted.token}"
    return headers


def is_ours(url: str) -> bool:
    """Whether it leads to this site, and is as well protected on the way as the site says it is."""
    scheme = settings.PUBLIC_URL.partition(":")[0]
    return url.startswith(f"{scheme}:") and is_this_site(target_of_url(url))


async def _page(answer: aiohttp.ClientResponse) -> Page:
    chunks, size, is_whole = [], 0, True
    async for chunk in answer.content.iter_any():
        chunks.append(chunk)
        size += len(chunk)
        if size > MOST_BYTES:
            is_whole = False
            break
    raw = b"".join(chunks)[:MOST_BYTES]
    certificate = answer.certificate if isinstance(answer, SeesCertificate) else None
    return Page(answer.status, _text(raw, answer.charset), is_whole, certificate)


def _text(raw: bytes, charset: str | None) -> str:
    try:
        return raw.decode(charset or "utf-8", "replace")
    except LookupError:  # a charset that nobody knows
        return raw.decode("utf-8", "replace")


@cache
def _blind() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
