"""The desk in the admin site: conversations, and what staff keep around them."""

from __future__ import annotations

from tickets.admin import desk, tickets, webhooks  # noqa: F401 - they register their pages
