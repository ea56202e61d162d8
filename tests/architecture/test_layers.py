"""Rules about the code itself that a reviewer would otherwise have to remember."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from radon.complexity import cc_visit

ROOT = Path(__file__).resolve().parents[2]
TIERS = [
    ["hazesite"],
    ["accounts"],
    ["botconfig"],
    ["tickets", "monitoring", "community"],
    ["notifications", "analytics", "bot"],
]
APPS = [app for tier in TIERS for app in tier]
MAY_IMPORT = {
    app: {below for lower in TIERS[:height] for below in lower} | {app}
    for height, tier in enumerate(TIERS)
    for app in tier
}
WIRING = {"hazesite/settings.py", "hazesite/urls.py", "hazesite/asgi.py"}
DOORS = ("views.py", "consumers.py", "sockets.py", "admin.py", "pages.py")
WRITES = {
    "save", "asave", "create", "acreate", "delete", "adelete", "update", "aupdate", "bulk_create",
    "get_or_create", "update_or_create",
}  # fmt: skip
MAX_FUNCTION, MAX_FILE, MAX_COMPLEXITY = 50, 400, 10


def sources(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return [path for path in found if "migrations" not in path.parts and "node_modules" not in path.parts]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)


@pytest.mark.parametrize("app", APPS)
def test_apps_import_only_what_lies_below_them(app):
    for path in sources(app):
        if name_of(path) not in WIRING:
            assert set(imported(path)) & set(APPS) <= MAY_IMPORT[app], name_of(path)


def test_only_the_bot_imports_discord():
    others = [app for app in APPS if app != "bot"]
    assert [name_of(path) for path in sources(*others) if "discord" in set(imported(path))] == []


def on_something_of_ours(node: ast.Attribute) -> bool:
    """`service.delete_ticket(...)` has another name; `get_actions().update()` is on a plain dict."""
    return not (isinstance(node.value, ast.Name) and node.value.id in ("super", "context", "actions"))


@pytest.mark.parametrize("app", APPS)
def test_doors_leave_writing_to_services(app):
    writes = [
        f"{name_of(path)}:{node.lineno}"
        for path in sources(app)
        if path.name in DOORS or {"views", "admin"} & set(path.parts)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in WRITES
        and on_something_of_ours(node.func)
    ]
    assert writes == []


@pytest.mark.parametrize("path", sources(*APPS, "tests"), ids=name_of)
def test_files_and_functions_stay_small(path):
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= MAX_FILE
    for node in ast.walk(tree(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert (node.end_lineno or 0) - node.lineno < MAX_FUNCTION, node.name


@pytest.mark.parametrize("path", sources(*APPS), ids=name_of)
def test_functions_stay_simple(path):
    for block in cc_visit(path.read_text(encoding="utf-8")):
        if type(block).__name__ == "Function":
            assert block.complexity <= MAX_COMPLEXITY, block.name
