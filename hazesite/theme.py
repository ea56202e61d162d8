"""How the admin looks: its name, its mark, and the colours of the web chat."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static


def icon(_request: HttpRequest) -> str:
    return static("tickets/icon.svg")


def stylesheet(_request: HttpRequest) -> str:
    return static("hazesite/admin.css")


# The theme asks for eleven shades of each; it wants functions by their dotted path.
BASE = (
    "#f4f5f8", "#eceef4", "#d9dce5", "#c2c7d6", "#a3aac0", "#5a6178",
    "#444b60", "#343a4c", "#242836", "#1a1d27", "#12141b",
)  # fmt: skip
PRIMARY = (
    "#f1f2fc", "#e6e8fa", "#cfd4f5", "#b3bbfa", "#98a2f7", "#98a2f7",
    "#4450b8", "#363f9a", "#2e3560", "#262c52", "#14172a",
)  # fmt: skip
SHADES = ("50", "100", "200", "300", "400", "500", "600", "700", "800", "900", "950")
THEME: dict[str, Any] = {
    "SITE_TITLE": "HazeBot",
    "SITE_HEADER": "HazeBot",
    "SITE_ICON": "hazesite.theme.icon",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "hazesite.theme.icon"}],
    "STYLES": ["hazesite.theme.stylesheet"],
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "base": dict(zip(SHADES, BASE, strict=True)),
        "primary": dict(zip(SHADES, PRIMARY, strict=True)),
    },
}
