from __future__ import annotations

from django_tasks import task

from accounts import erasing
from accounts.models import Erasure


@task(max_attempts=20)
def erase_in_portions(erasure_pk: int) -> dict[str, int]:
    """Begins anew where it broke off: what is erased is not found again."""
    counts: dict[str, int] = erasing.run(Erasure.objects.get(pk=erasure_pk)).counts
    return counts
