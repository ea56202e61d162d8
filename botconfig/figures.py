"""What the first page of the admin shows of the configuration."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from botconfig import verification
from botconfig.models import Section
from hazesite.dashboard import Card, Group, figures


@figures(Group.BOT, "botconfig.view_section")
def configuration() -> list[Card]:
    """One query."""
    found = [verification.verification(row.name, row) for row in Section.objects.all()]
    problems = [problem for one in found for problem in one["problems"]]
    note = "; ".join(f"{problem['field']}: {problem['reason']}" for problem in problems)
    link = reverse("admin:botconfig_section_changelist")
    title = _("Settings the bot cannot carry out")
    return [Card(title, str(len(problems)), note, link, alarming=True)] if problems else []
