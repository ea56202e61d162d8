from __future__ import annotations

from typing import Any

from django.conf import settings
from django.views.generic import TemplateView

from accounts.discord_login.services import is_configured


class Chat(TemplateView):
    """The web chat. The page itself is the same for everybody; what it shows comes from the API."""

    template_name = "tickets/chat.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(discord_login=_leads_back_here(), **kwargs)


def _leads_back_here() -> bool:
    """Whether people can sign in with Discord, and end at this page and not at another app's."""
    return is_configured() and settings.WEB_APP_URL.rstrip("/") == settings.PUBLIC_URL.rstrip("/")
