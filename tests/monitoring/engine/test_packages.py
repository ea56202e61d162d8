"""A package that is installed beside us brings a type of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitoring import kinds, types
from monitoring.errors import DoesNotFit

MODULE = """
from hazesite.fields import Strict, Whole
from monitoring.types import Failed, MonitorType, Result


class Options(Strict):
    most = Whole(min_value=1)


class Coffee(MonitorType):
    name = "coffee"
    title = "Coffee"
    needs = ("host",)
    options = Options
    connects = False

    async def check(self, watched, context):
        if watched.options["most"] > 9:
            raise Failed("Too much coffee", answer="418")
        return Result(is_up=True)


class Http(MonitorType):
    name, title = "http", "Not ours"

    async def check(self, watched, context):
        return Result(is_up=False)
"""
POINTS = """[hazebot.monitor_types]
coffee = coffee_monitor:Coffee
http = coffee_monitor:Http
broken = no_such_module:Nothing
none = coffee_monitor:Options
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    about = tmp_path / "coffee_monitor-1.0.dist-info"
    about.mkdir()
    (tmp_path / "coffee_monitor.py").write_text(MODULE)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: coffee-monitor\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    types.types.cache_clear()
    yield
    types.types.cache_clear()


def test_it_is_found_and_ours_come_first(installed):
    assert kinds.names()[0] == "http"
    assert kinds.names()[-1] == "coffee"
    assert types.types()["http"].title == "HTTP(S)"
    assert kinds.needs("coffee") == ("host",)


def test_it_judges_its_settings(installed):
    coffee = types.types()["coffee"]
    assert coffee.clean({"host": "kitchen", "options": {"most": 3}})["options"] == {"most": 3}
    for fields, wrong in (
        ({}, "host"),
        ({"host": "kitchen"}, "options.most"),
        ({"host": "kitchen", "options": {"most": 3, "milk": 1}}, "options.milk"),
    ):
        with pytest.raises(DoesNotFit) as refused:
            coffee.clean(fields)
        assert list(refused.value.details["fields"]) == [wrong]


async def test_it_makes_checks(installed, guarded):
    assert (await guarded.check("coffee", host="kitchen", options={"most": 3})).is_up
    result = await guarded.check("coffee", host="kitchen", options={"most": 10})
    assert (result.is_up, result.error, result.answer) == (False, "Too much coffee", "418")


async def test_a_fault_of_the_type_is_no_downtime(installed, guarded):
    result = await guarded.check("coffee", host="kitchen", options={})
    assert (result.is_up, result.error) == (None, "The check itself failed: KeyError")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("http", {"max_redirects": 11}), ("http", {"surprise": 1}), ("json", {"path": "a"}),
        ("json", {"path": "a[", "expected": 1}), ("dns", {"record": "WKS"}), ("tls", {"certificate_days": 0}),
        ("push", {"grace": -1}), ("ping", {"count": 3}),
    ],
)  # fmt: skip
def test_options_that_no_type_takes(name, options):
    with pytest.raises(DoesNotFit):
        types.types()[name].clean_options(options)
