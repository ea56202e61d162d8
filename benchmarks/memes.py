"""A hundred people ask for a meme at once: how often each source is asked, and who waits for whom.

    python -m benchmarks.memes                     # SQLite
    python -m benchmarks.memes --database postgres

Two web processes share a database; a Reddit and a Lemmy on this machine take two seconds to answer. `cold`:
nothing is known yet, so everybody waits for the same answer. `warm`: the same again. `old`: the period is
over. `failing`: both sources fail. Each source may be asked once in a period, by both processes together.
`ping` is the slowest of the calls that others make meanwhile: who waits for a source holds no thread.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.processes import versions
from tests.backends import private_postgres
from tests.servers.sources import LemmyServer, RedditServer
from tests.serving import ROOT, Server

ASKS, LATENCY = 100, 2.0
FETCHED = "from community.memes.models import Listing\nfrom datetime import timedelta\n"
FETCHED += "from django.db.models import F\n"
OLD = f"{FETCHED}Listing.objects.update(fetched_at=F('fetched_at') - timedelta(hours=3), retry_at=None)"
FORGET = f"{FETCHED}Listing.objects.all().delete()"


@dataclass
class Street:
    """Two web processes of one site, and the sources they ask."""

    reddit: RedditServer
    lemmy: LemmyServer
    webs: list[Server]
    headers: dict[str, str]

    def shell(self, code: str) -> None:
        command = [sys.executable, str(ROOT / "manage.py"), "shell", "-v", "0", "-c", code]
        subprocess.run(command, env=self.webs[0].surroundings(), cwd=ROOT, check=True, timeout=60)

    def ask(self, asks: int = ASKS) -> dict[str, Any]:
        """What so many at once get, and how long they and others wait."""
        self.reddit.asked.clear()
        self.lemmy.asked.clear()
        return asyncio.run(self._ask(asks))

    async def _ask(self, asks: int) -> dict[str, Any]:
        started = time.perf_counter()
        async with httpx.AsyncClient(headers=self.headers, timeout=60, limits=httpx.Limits()) as client:
            paths = [f"{self.webs[n % 2].url}/api/memes/random" for n in range(asks)]
            pings = asyncio.create_task(self._ping(client))
            answers = await asyncio.gather(*(client.get(path) for path in paths))
            seconds = time.perf_counter() - started
            pings.cancel()
            slowest = await asyncio.gather(pings, return_exceptions=True)
        return {
            "answers": dict(Counter(answer.status_code for answer in answers)),
            "seconds": round(seconds, 2),
            "ping_ms": round(max(self.pings, default=0.0) * 1000) if slowest else 0,
            "reddit": len(self.reddit.asked),
            "lemmy": len(self.lemmy.asked),
        }

    async def _ping(self, client: httpx.AsyncClient) -> None:
        self.pings: list[float] = []
        while True:
            await asyncio.sleep(0.1)
            for web in self.webs:
                started = time.perf_counter()
                await client.get(f"{web.url}/api/ping")
                self.pings.append(time.perf_counter() - started)


@contextmanager
def street(folder: Path, **environment: str) -> Iterator[Street]:
    reddit, lemmy = RedditServer(seconds=LATENCY).start(), LemmyServer(seconds=LATENCY).start()
    reddit.pictures(100)
    for number in range(50):
        lemmy.post(f"Lemming {number}", f"https://pictures.example/{number}.png")
    reddit.mood = lemmy.mood = "slow"
    environment |= {"REDDIT_API_URL": reddit.base_url, "OUTBOUND_ALLOWED_HOSTS": "127.0.0.1"}
    webs = [Server(folder / "site", command=("web",), environment=environment) for _ in range(2)]
    webs[0].prepare()
    try:
        for web in webs:
            web.start()
        with webs[0].client("ada") as ada:
            body = {"default_lemmy": [f"{lemmy.host}@memes"]}
            ada.put("/api/config/meme", json=body).raise_for_status()
        headers = {"Authorization": f"Bearer {webs[0].token('alice')}"}
        yield Street(reddit, lemmy, webs, headers)
    finally:
        for web in webs:
            web.stop()
        reddit.stop()
        lemmy.stop()


def run(at: Street) -> bool:
    good = True
    for name, before in (("cold", ""), ("warm", ""), ("old", OLD), ("failing", FORGET)):
        if before:
            at.shell(before)
        if name == "failing":
            at.reddit.mood = at.lemmy.mood = "failing"
        found = at.ask()
        most = 0 if name == "warm" else 1
        good = good and found["reddit"] <= most and found["lemmy"] <= most
        print(f"{name:8} {found}", flush=True)
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    database = parser.parse_args().database
    print(versions())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environment = {}
        if database == "postgres":
            environment["DATABASE_URL"] = stack.enter_context(private_postgres()).address
        good = run(stack.enter_context(street(folder, **environment)))
    print("each source was asked once at most" if good else "A SOURCE WAS ASKED MORE THAN ONCE")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
