"""The site's settings with the transport of the tests."""

from __future__ import annotations

from hazesite.settings import *  # noqa: F403
from hazesite.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.outgoing"]
