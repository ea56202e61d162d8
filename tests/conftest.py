from __future__ import annotations

import gc
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django_ratelimit import core as ratelimit
from rest_framework.test import APIClient

from accounts import services as accounts
from accounts import tokens
from accounts.models import User
from accounts.roles import Role
from accounts.services import Device
from hazesite import alerts
from hazesite.realtime import bus
from hazesite.realtime.publication import Publication
from tests import emptying, migrated, scheduling
from tests.serving import Server, serving, web_alone
from tickets import services
from tickets.models import Ticket

emptying.install()
migrated.folder()  # for all processes of this run
gc.disable()
ALIKE = (
    "tests/architecture/",
    "tests/botconfig/test_description.py",
    "tests/deploy/test_files.py",
    "tests/deploy/test_nginx.py",
    "tests/document/test_document.py",
    "tests/monitoring/alerts/test_decisions.py",
    "tests/monitoring/engine/test_network_types.py",
    "tests/monitoring/engine/test_packages.py",
    "tests/monitoring/engine/test_safety.py",
    "tests/monitoring/engine/test_states.py",
    "tests/monitoring/engine/test_unplugged.py",
    "tests/monitoring/engine/test_web.py",
    "tests/monitoring/rest/test_settings.py",
    "tests/node/test_broken_input.py",
    "tests/node/test_connecting.py",
    "tests/realtime/test_fastpath.py",
    "tests/realtime/test_hub.py",
    "tests/security/test_headers.py",
    "tests/servers/",
    "tests/site/test_environment.py",
    "tests/site/test_front.py",
    "tests/site/test_outbound.py",
    "tests/site/test_uploads.py",
    "tests/site/test_wsgi_pool.py",
    "tests/test_role_matrix.py",
)
"""Where no database or Redis is asked, or nothing that another would answer otherwise: once is enough."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On servers only what may fare otherwise there."""
    if "TEST_DATABASE_URL" in os.environ:
        alike = [item for item in items if item.nodeid.startswith(ALIKE)]
        if nowhere := [item.nodeid for item in alike if item.get_closest_marker("once")]:
            raise pytest.UsageError(f"left out here and, as `once`, elsewhere: {nowhere}")
        config.hook.pytest_deselected(items=alike)
        items[:] = [item for item in items if not item.nodeid.startswith(ALIKE)]
    if "PYTEST_XDIST_WORKER" in os.environ:
        scheduling.in_order(items)


@pytest.hookimpl(optionalhook=True)  # there is no xdist with `-p no:xdist`
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return scheduling.scheduler(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    return scheduling.processes()


def pytest_collection_finish() -> None:
    """What was loaded stays: looking through it again and again for what can go took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The database of the tests is a copy: to migrate takes a dozen seconds, in each process."""
    tests = connection.settings_dict["TEST"]
    if connection.vendor == "sqlite":
        shutil.copy(migrated.file(), tests["NAME"])
    elif address := os.environ.get("TEST_DATABASE_URL"):
        tests["TEMPLATE"] = migrated.template(address)


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """It is there; its folder goes with the process."""
    return connection.vendor == "sqlite"


@pytest.fixture
def alice(db) -> User:
    """A member who owns `ticket`."""
    return User.objects.create_user("alice", "alice-has-a-ticket-3")


@pytest.fixture
def mallory(db) -> User:
    """A member who has no business with Alice's things."""
    return User.objects.create_user("mallory", "mallory-is-elsewhere-4")


@pytest.fixture
def moira(db) -> User:
    """A moderator."""
    return User.objects.create_user("moira", "moderate-everything-2", granted_role=Role.MODERATOR)


@pytest.fixture
def ada(db) -> User:
    """An admin."""
    return User.objects.create_user("ada", "analytical-engine-1", granted_role=Role.ADMIN)


@pytest.fixture
def ticket(alice: User) -> Ticket:
    return services.open_ticket(alice, "It does not start", "Since this morning nothing happens.")


@pytest.fixture
def token_of() -> Callable[[User], str]:
    def sign_in(user: User) -> str:
        return tokens.issue(accounts.start_session(user, Device("127.0.0.1", "Web")))

    return sign_in


@pytest.fixture
def client_of(token_of: Callable[[User], str]) -> Callable[[User], APIClient]:
    def sign_in(user: User) -> APIClient:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_of(user)}")
        client.default_format = "json"
        return client

    return sign_in


@pytest.fixture
def anonymous() -> APIClient:
    client = APIClient()
    client.default_format = "json"
    return client


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> Any:
    """`with shown() as publications:` commits, and the list holds what screens were told."""

    @contextmanager
    def commit() -> Iterator[list[Publication]]:
        seen: list[Publication] = []
        monkeypatch.setattr(bus, "send", seen.append)
        with django_capture_on_commit_callbacks(execute=True):
            yield seen

    return commit


@pytest.fixture
def counted_limits(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Rate limits are switched on, start from nothing, and no minute ends while a test counts."""
    settings.RATELIMIT_ENABLE = True
    began = time.time()
    monkeypatch.setattr(ratelimit, "time", SimpleNamespace(time=lambda: began))
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def told_staff(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """Subject, text and key of what staff are alerted to."""
    told: list[tuple[str, str, str]] = []

    def note(subject: str, text: str, key: str) -> int:
        told.append((subject, text, key))
        return 1

    monkeypatch.setattr(alerts, "ALERTERS", [note])
    return told


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`manage.py serve` for the tests of one file."""
    folder: Path = tmp_path_factory.mktemp("server")
    with serving(folder) as running:
        yield running


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One web process as on a real host: https, a trusted proxy (everybody on this machine), limits."""
    with web_alone(
        tmp_path_factory.mktemp("production"),
        ENVIRONMENT="production",
        PUBLIC_URL="https://haze.example.org",
        SECRET_KEY=os.urandom(32).hex(),
        API_MONITORING_SECRET="a-secret-of-the-tests",
        TRUSTED_PROXIES="127.0.0.1",
        CORS_ORIGINS="https://app.example.org",
        RATELIMIT_ENABLE="true",
        DISCORD_CLIENT_ID="112233",
        DISCORD_CLIENT_SECRET="a-secret-of-the-application",
        DISCORD_GUILD_ID="112233445566778899",
    ) as server:
        yield server
