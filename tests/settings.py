"""The site's settings, for the tests: a SQLite file and memory unless the environment names servers."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

# A folder for each process: several runs of the tests may share a machine.
_folder = Path(tempfile.mkdtemp(prefix="hazesite-tests-"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["DATA_DIR"] = str(_folder)
# And a database of Redis for each: a test that forgets what was counted forgets it for all who share one.
_number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 16
for _name in ("REDIS_URL", "TEST_REDIS_URL"):
    if _address := os.environ.get(_name):
        os.environ[_name] = urlsplit(_address)._replace(path=f"/{_number}").geturl()
for _name in ("API_ADMIN_PASS", "API_EXTRA_USERS", "API_MONITORING_SECRET"):
    os.environ.pop(_name, None)
os.environ["ENVIRONMENT"] = "development"
os.environ["DEBUG"] = "false"

from hazesite.settings import *  # noqa: E402, F403
from hazesite.settings import DATABASES  # noqa: E402

DATABASES["default"]["CONN_MAX_AGE"] = 0
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as in production: threads and processes meet in it, which a database in memory hides.
    DATABASES["default"]["TEST"] = {"NAME": str(_folder / "tests.sqlite3")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Each client of a test would look at every file first, which took a third of the time.
WHITENOISE_AUTOREFRESH = True
RATELIMIT_ENABLE = False
ERROR_REPORTS = False  # a thread that writes when it likes; its own tests switch it on
AXES_ENABLED = False
CONFIG_WARM_SECONDS = 0  # a test that is rolled back tells no cache
API_MONITORING_SECRET = "a-secret-of-the-tests"
ANALYTICS = False  # as that; its own tests switch it on
