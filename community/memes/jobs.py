from __future__ import annotations

from datetime import timedelta

from django_tasks import task

from community.memes import daily
from hazesite.jobs.periodic import periodic


@periodic(every=timedelta(minutes=1))
@task(max_attempts=1)
def post_daily_meme() -> bool:
    """Looks whether the day's meme is due; the row of the day makes it one."""
    return daily.post_daily_meme()
