from __future__ import annotations

import pytest

from monitoring.engine import results


@pytest.fixture(autouse=True)
def no_day_is_remembered() -> None:
    """A test that is rolled back takes the partitions with it."""
    results._days_there.clear()
