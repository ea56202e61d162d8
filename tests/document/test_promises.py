"""The site keeps what its document promises, whatever is sent, in each role. `make fuzz` looks for longer."""

from __future__ import annotations

import pytest

from tests.document.fuzzing import ROLES, fuzz, fuzzed_site

pytestmark = [pytest.mark.workers, pytest.mark.server, pytest.mark.once]
EXAMPLES = {"member": 2, "moderator": 1, "admin": 3}
SEED = "20260105"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("role", ROLES)
def test_schemathesis_finds_nothing(role, tmp_path):
    with fuzzed_site(tmp_path / "data") as server:
        found = fuzz(server, role, "-n", str(EXAMPLES[role]), "--seed", SEED, capture_output=True)
        assert found.returncode == 0, found.stdout[-20_000:] + found.stderr[-2000:]
        assert "Traceback" not in server.log
