from __future__ import annotations

from django.views.generic import TemplateView


class Chat(TemplateView):
    """The web chat. The page itself is the same for everybody; what it shows comes from the API."""

    template_name = "tickets/chat.html"
