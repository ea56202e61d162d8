"""Other sites on loopback, and the site's rows as they are when nobody has asked yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from botconfig.services import set_by_bot
from community.memes import services as memes
from community.rocketleague import services as players
from hazesite.jobs.models import Job
from tests.servers.sources import LemmyServer, RankServer, RedditServer

PATHS = ("community.rocketleague.jobs", "notifications.jobs")


@pytest.fixture
def reddit(settings: Any) -> Iterator[RedditServer]:
    server = RedditServer().start()
    settings.REDDIT_API_URL = server.base_url
    memes.listings._known.clear()
    yield server
    server.stop()


@pytest.fixture
def lemmy(settings: Any, transactional_db: Any) -> Iterator[LemmyServer]:
    """An instance that the configuration names, and which this machine may be asked."""
    server = LemmyServer().start()
    settings.OUTBOUND_ALLOWED_HOSTS = ["127.0.0.1"]
    set_by_bot("meme", {"default_lemmy": [f"{server.host}@memes"]})
    yield server
    server.stop()


@pytest.fixture
def ranks(settings: Any) -> Iterator[RankServer]:
    server = RankServer().start()
    settings.ROCKET_LEAGUE_API_URL, settings.ROCKET_LEAGUE_API_KEY = server.base_url, server.key
    players.profiles._known.clear()
    yield server
    server.stop()


@pytest.fixture
def do_jobs() -> Callable[..., int]:
    """Does what a worker would, until nothing is left, whatever the time; how many jobs that were."""
    from hazesite.jobs.backend import task_of

    def work(most: int = 200, *, due_only: bool = False) -> int:
        done = 0
        while done < most and (job := _next(due_only)):
            task_of(job).call(*job.args)
            job.delete()
            done += 1
        return done

    def _next(due_only: bool) -> Job | None:
        rows = Job.objects.due(["default"]) if due_only else Job.objects.filter(state=Job.State.READY)
        ours = [one for one in rows.order_by("created_at") if one.task.startswith(PATHS)]
        return ours[0] if ours else None

    return work
