"""What a process loads that serves no pages."""

from __future__ import annotations

import io
import os
import subprocess
import sys

from django.core.management import call_command

from tests.serving import ROOT

LOOK = """
import sys

import django
from django.apps import apps

django.setup()
OURS = tuple(config.name for config in apps.get_app_configs() if not config.name.startswith("django"))


def kept():
    ours = [(name, module) for name, module in list(sys.modules.items()) if name.startswith(OURS)]
    return {
        f"{name}.{key}": len(value)
        for name, module in ours
        for key, value in vars(module).items()
        if isinstance(value, list | dict | set) and not key.startswith("__")
    }


before = kept()
assert "hazesite.housekeeping.CHORES" in before
assert "unfold.admin" not in sys.modules
import hazesite.urls

after = kept()
print("late:", [name for name in before if after[name] != before[name]])
"""


def test_whoever_serves_no_pages_knows_every_chore_job_and_figure_all_the_same():
    """A worker, the checker of monitors and the bot do not load the addresses, nor what only these name."""
    said = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "hazesite.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "late: []\n"


def test_nothing_is_wrong_with_what_django_checks():
    """Of all processes `prepare` alone does it at its start."""
    out = io.StringIO()
    call_command("check", stdout=out)
    assert out.getvalue() == "System check identified no issues (0 silenced).\n"
