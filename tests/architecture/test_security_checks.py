"""What looks for weaknesses runs in CI, and looks at everything."""

from __future__ import annotations

from tests.architecture.test_layers import APPS, ROOT
from tests.everything import CHECKS, SOURCES


def test_bandit_looks_at_every_package_wherever_it_is_called():
    assert {*APPS, "scripts", "manage.py"} == set(SOURCES)
    assert any("bandit" in check for check in CHECKS)
    recipe = (ROOT / "Makefile").read_text().partition("\nsecurity:")[2].partition("\n\n")[0]
    assert set(SOURCES) <= set(recipe.split())
    assert "make test-all" in (ROOT / ".ci/run").read_text()
