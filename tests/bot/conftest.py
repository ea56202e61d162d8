from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.town import Town, town


@pytest.fixture(scope="module")
def community(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One for all tests of a file; each test has tickets of its own."""
    data: Path = tmp_path_factory.mktemp("town")
    with town(data) as made:
        yield made
