"""The site's settings with one more address; with BARE_MIDDLEWARE=no without any middleware."""

from __future__ import annotations

import os

from hazesite.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.stacks.bare_urls"
if os.environ.get("BARE_MIDDLEWARE") == "no":
    MIDDLEWARE = []
