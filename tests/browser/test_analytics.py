"""The analytics page shows its charts under the policy of the site, and fits a phone in the dark.

`DOCS_IMAGES=docs/images` takes its picture anew.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import Visitor, playwright
from tests.browser.test_staff_pages import sign_in_at_the_desk
from tests.serving import ROOT, Server

pytestmark = [pytest.mark.browser, pytest.mark.server]
PAGE = "/admin/analytics/usageday/"


@pytest.fixture
def used(server: Server) -> None:
    """As if it had been used for a month."""
    command = [sys.executable, str(ROOT / "manage.py"), "demo_usage"]
    subprocess.run(command, env=server.surroundings(), cwd=ROOT, check=True, timeout=120)


def drawn(visitor: Visitor) -> int:
    """Charts with something on them."""
    return int(
        visitor.page.evaluate(
            "[...document.querySelectorAll('.usage-plot canvas')].filter(one => one.getContext('2d')"
            ".getImageData(0, 0, one.width, one.height).data.some(value => value > 0)).length"
        )
    )


def test_staff_see_how_the_app_is_used(
    visit: Callable[..., Visitor], server: Server, used: None, picture: Callable[..., None], tmp_path: Path
) -> None:
    expect, ada = playwright.expect, visit(viewport={"width": 1360, "height": 1000})
    page = ada.page
    sign_in_at_the_desk(ada, server, "ada")
    page.goto(f"{server.url}{PAGE}")
    expect(page.locator(".figure", has_text="People").first.locator(".value")).not_to_have_text("0")
    expect(page.locator(".uplot")).to_have_count(4)
    assert drawn(ada) == 4
    picture(page, "analytics", full_page=True)

    page.get_by_role("link", name="7 days", exact=True).click()
    expect(page.locator(".asked a[aria-current]")).to_have_text("7 days")
    page.get_by_role("link", name="Reading a ticket").click()
    expect(page.locator("#feature h2")).to_contain_text("Reading a ticket")
    page.get_by_label("Platform").select_option("iOS")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_label("Platform")).to_have_value("iOS")

    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert lines[0].startswith("day,users,new") and len(lines) == 8

    page.goto(f"{server.url}{PAGE}?from=2031-01-01")
    expect(page.get_by_role("alert")).to_contain_text("from")
    page.get_by_text("Forget everything").click()
    page.get_by_label("Confirmation").fill("yes")
    page.get_by_role("button", name="Forget", exact=True).click()
    expect(page.get_by_text("Type the words that confirm it.")).to_be_visible()
    assert ada.complaints == []


def test_moderators_see_no_colleagues_figures(
    visit: Callable[..., Visitor], server: Server, used: None
) -> None:
    moira = visit()
    sign_in_at_the_desk(moira, server, "moira")
    moira.page.goto(f"{server.url}{PAGE}")
    playwright.expect(moira.page.locator(".uplot")).to_have_count(4)
    playwright.expect(moira.page.get_by_text("Forget everything")).to_have_count(0)
    assert moira.page.goto(f"{server.url}{PAGE}export/?dataset=days").status == 200  # back at the page
    playwright.expect(moira.page.get_by_text("You may not do that.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(visit: Callable[..., Visitor], server: Server, used: None, scheme: str) -> None:
    visitor = visit(viewport={"width": 375, "height": 700}, color_scheme=scheme)
    sign_in_at_the_desk(visitor, server, "ada")
    visitor.page.goto(f"{server.url}{PAGE}?days=90")
    playwright.expect(visitor.page.locator(".uplot")).to_have_count(4)
    wide = "document.scrollingElement.scrollWidth - window.innerWidth"
    assert visitor.page.evaluate(wide) <= 0
    assert drawn(visitor) == 4
    if folder := os.environ.get("SCRATCH_IMAGES"):
        visitor.page.screenshot(path=Path(folder) / f"phone-{scheme}.png", full_page=True)
    assert visitor.complaints == []
