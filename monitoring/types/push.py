from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from hazesite.fields import Strict, Whole
from monitoring.types.base import Context, Failed, MonitorType, Result, Watched

GRACE_SHARE, MOST_GRACE = 0.1, 60.0
NO_NEWS = "OK"
"""What is said where nothing is said, as with Uptime Kuma."""


class OfPush(Strict):
    grace = Whole(min_value=0, max_value=86_400, required=False)


class Push(MonitorType):
    """Up while somebody calls in at least once in each interval, and a little grace.

    Judged by stored instants alone: a restart gives nobody more time. What they say and how long they say
    that it took are the answer and its response time.
    """

    name = "push"
    title = _("Push")
    options = OfPush
    connects = False
    timed = False

    async def check(self, watched: Watched, context: Context) -> Result:
        now, allowed = context.now(), timedelta(seconds=watched.interval + self._grace(watched))
        if watched.pushed_at is not None:
            deadline = watched.pushed_at + allowed
            if now < deadline:
                return Result(is_up=True, next_at=deadline, **_said(watched))
            raise Failed(f"Nobody called in since {watched.pushed_at:%Y-%m-%d %H:%M:%S} UTC")
        if watched.pushed_message:
            reason = "" if watched.pushed_message == NO_NEWS else f": {watched.pushed_message}"
            raise Failed(f"Who calls in says that it is down{reason}", **_said(watched))
        first = watched.created_at + allowed
        if now < first:
            return Result(is_up=None, error="Nobody called in yet", next_at=first)
        raise Failed("Nobody calls in")

    def _grace(self, watched: Watched) -> float:
        return float(watched.options.get("grace", min(watched.interval * GRACE_SHARE, MOST_GRACE)))


def _said(watched: Watched) -> dict[str, Any]:
    return {"answer": watched.pushed_message, "response_ms": watched.pushed_ms}
