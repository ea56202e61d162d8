from __future__ import annotations

from django_tasks import task

from botconfig import guild


@task()
def give_roles_anew() -> None:
    """After a change of which role of the guild gives which role here."""
    guild.follow_known_members()
