from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.serving import PASSWORDS, Server

playwright = pytest.importorskip("playwright.sync_api")
FOLDER = Path(__file__).parent
WIDE = "document.scrollingElement.scrollWidth - window.innerWidth"

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Visitor:
    """One person's browser window, and everything it complained about."""

    page: Any
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> Visitor:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        return self

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def sign_in(self, name: str) -> Visitor:
        self.page.get_by_label("User name").fill(name)
        self.page.get_by_label("Password").fill(PASSWORDS[name])
        self.page.get_by_role("button", name="Sign in").click()
        playwright.expect(self.page.locator("#connection")).to_have_text("Live")
        return self

    def open(self, ticket_id: str) -> Visitor:
        self.page.locator(f'#list a[href="#/t/{ticket_id}"]').click()
        playwright.expect(self.page.locator(".log")).to_have_attribute("aria-busy", "false")
        return self

    def say(self, text: str) -> None:
        self.page.locator("#message").fill(text)
        self.page.locator("#message").press("Enter")

    def said(self) -> list[str]:
        """The messages on the page, top to bottom."""
        return list(self.page.locator(".log .content").all_text_contents())

    def sees(self, text: str, times: int = 1) -> None:
        found = self.page.locator(".log .content", has_text=text)
        playwright.expect(found).to_have_count(times)


# Not for the whole session: its event loop would be in the way of asynchronous tests elsewhere.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("Chromium is not installed")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any, server: Server) -> Iterator[Callable[..., Visitor]]:
    """`visit("alice")` opens the page in a browser of her own and signs her in."""
    contexts = []

    def come(name: str = "", **options: Any) -> Visitor:
        context = chromium.new_context(**options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        visitor = Visitor(context.new_page()).listen()
        visitor.page.goto(server.url)
        return visitor.sign_in(name) if name else visitor

    yield come
    for context in contexts:
        context.close()


@pytest.fixture
def picture(tmp_path: Path) -> Callable[..., None]:
    """`picture(page, "chat")` takes one; into the documents where `DOCS_IMAGES` names their folder."""
    folder = Path(os.environ.get("DOCS_IMAGES") or tmp_path)

    def take(page: Any, name: str, **options: Any) -> None:
        page.screenshot(path=folder / f"{name}.png", **options)

    return take


@pytest.fixture(scope="session")
def axe() -> str:
    assert shutil.which("npm"), "npm is not installed; it brings axe-core"
    lock, installed = FOLDER / "package-lock.json", FOLDER / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        command = ["npm", "ci", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        installed.touch()
    return (FOLDER / "node_modules/axe-core/axe.min.js").read_text()


def barriers(page: Any, axe: str) -> list[str]:
    page.evaluate(axe)
    found = page.evaluate("axe.run().then((result) => result.violations)")
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]


@pytest.fixture(autouse=True)
def room_for_tickets(server: Server) -> Iterator[None]:
    """Nobody may have many open tickets, and each test opens some."""
    yield
    with server.client("moira") as moira:
        for ticket in moira.get("/api/tickets?status=open").json()["tickets"]:
            moira.post(f"/api/tickets/{ticket['ticket_id']}/close")
