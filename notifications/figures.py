"""What the first page of the admin says about pushes and mails."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from hazesite.dashboard import Card, Group, bounded, figures
from hazesite.outgoing.models import Delivery
from notifications.mail.switch import MAIL, is_on
from notifications.services.telling import PUSH


@figures(Group.SITE, "hazesite.view_delivery")
def given_up() -> list[Card]:
    """One query, and one more where there is mail."""
    mails = [_lost(MAIL, _("Mails given up"), _("refused, or not taken for a day"))] if is_on() else []
    return [_lost(PUSH, _("Pushes given up"), _("devices that were not reached")), *mails]


def _lost(transport: str, title: str, note: str) -> Card:
    link = f"{reverse('admin:hazesite_delivery_changelist')}?transport__exact={transport}"
    count = bounded(Delivery.objects.filter(transport=transport, state=Delivery.State.GIVEN_UP))
    return Card(title, count, note, link, alarming=count != "0")
