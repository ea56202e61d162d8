from __future__ import annotations

from django_tasks import task


@task(max_attempts=10, backoff=30.0)
def forget_checks(monitor_id: int) -> int:
    """The single checks of a monitor that is no more: too many for the transaction that deleted it."""
    from monitoring.services import forgetting

    return forgetting.forget_checks(monitor_id)
