"""Whose address is what, and what is mailed there."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from hazesite import ratelimits
from hazesite.errors import Invalid, NotFound, Unfit
from hazesite.outgoing.models import Delivery
from hazesite.outgoing.services import queue
from notifications.errors import BadLink, MailNotConfigured
from notifications.mail import links
from notifications.mail.models import MailAddress
from notifications.mail.switch import MAIL, is_on

logger = structlog.get_logger(__name__)
LINKS_PER_USER, LINKS_PER_ADDRESS = "5/h", "5/d"
MAX_REFUSALS = 3
LETTER, CONFIRM = "letter", "confirm"


def address_of(user: User) -> MailAddress | None:
    return MailAddress.objects.filter(user=user).first()


def change_address(
    user: User, *, address: str | None = None, muted: Iterable[str] | None = None
) -> MailAddress | None:
    """Only what is given changes. A new address, and one that is not confirmed yet, is mailed a link.

    Raises `MailNotConfigured`, `TooMany`, and `Invalid` for `muted` where there is no address.
    """
    if address is not None:
        if not is_on():
            raise MailNotConfigured
        if _needs_link(user, address):
            ratelimits.spend("mail-links", user.pk, LINKS_PER_USER)
            ratelimits.spend("mail-links-to", address.lower(), LINKS_PER_ADDRESS)
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if address is not None and _needs_link(user, address):
            _ask(user, address)
        if muted is not None and not MailAddress.objects.filter(user=user).update(muted=sorted(set(muted))):
            raise Unfit(fields={"muted": ["There is no address yet."]})
    return address_of(user)


def _needs_link(user: User, address: str) -> bool:
    there = MailAddress.objects.filter(user=user, address=address, confirmed_at__isnull=False)
    return not there.exists()


def _ask(user: User, address: str) -> None:
    now = timezone.now()
    fresh = {"address": address, "asked_at": now, "confirmed_at": None, "refusals": 0, "trouble": ""}
    MailAddress.objects.update_or_create(user=user, defaults=fresh)
    thing = f"{CONFIRM}:{user.pk}:{now.isoformat()}"
    payload = {LETTER: CONFIRM, "asked": now.isoformat()}
    queue([Delivery(transport=MAIL, target=str(user.pk), thing=thing, payload=payload)])


def forget_address(user: User) -> None:
    """Raises `NotFound`. What waits to be mailed there is retracted when its turn comes."""
    gone, _rows = MailAddress.objects.filter(user=user).delete()
    if not gone:
        raise NotFound


def confirmable(token: str) -> MailAddress:
    """What the link would confirm. Raises `BadLink`: also when another address was given since."""
    user_pk, address = links.read_confirmation(token)
    found = MailAddress.objects.select_related("user").filter(user=user_pk, address=address).first()
    if found is None:
        raise BadLink
    return found


def confirm_address(token: str) -> MailAddress:
    """Once more is as good as once. Raises `BadLink`."""
    found = confirmable(token)
    rows = MailAddress.objects.filter(pk=found.pk, address=found.address, confirmed_at=None)
    rows.update(confirmed_at=timezone.now(), refusals=0, trouble="")
    return found


@transaction.atomic
def unsubscribe(token: str, what: str = "") -> str:
    """No more of `what` (of the mail's own topic, unless said otherwise); what that was.

    An address that is not the person's any more gets nothing as it is. Raises `BadLink` and `Invalid`.
    """
    said = links.read_subscription(token)
    what = what or said.topic
    if what not in said.choices:
        raise Invalid
    rows = MailAddress.objects.select_for_update().filter(pk=said.user_pk, address=said.address)
    if (found := rows.first()) and what not in found.muted:
        found.muted = sorted({*found.muted, what})
        found.save(update_fields=["muted"])
    return what


def note_sent(users: Collection[int]) -> None:
    MailAddress.objects.filter(pk__in=users).exclude(refusals=0, trouble="").update(refusals=0, trouble="")


def note_refusals(reasons: dict[int, str]) -> None:
    """By the person's key. After several in a row the address counts no more until it is confirmed anew."""
    for user_pk, reason in reasons.items():
        MailAddress.objects.filter(pk=user_pk).update(refusals=F("refusals") + 1, trouble=reason[:500])
    tired = MailAddress.objects.confirmed().filter(pk__in=reasons, refusals__gte=MAX_REFUSALS)
    if users := sorted(tired.values_list("pk", flat=True)):
        MailAddress.objects.filter(pk__in=users).update(confirmed_at=None)
        logger.warning("mail_addresses_unconfirmed", users=users)
