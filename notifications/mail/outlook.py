"""Whether each mail is still to be sent, and what it says: made from the rows at the moment it goes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hazesite.outgoing.models import Delivery
from hazesite.outgoing.transports import Ready, Retract, Verdict, Wait
from notifications.mail import links
from notifications.mail.addresses import CONFIRM, LETTER
from notifications.mail.letters import Action, Entry, Letter
from notifications.mail.models import MailAddress
from notifications.mail.queueing import DELAY
from notifications.mail.switch import MAIL
from notifications.mail.topics import Topic
from notifications.models import Notification, Preferences
from notifications.services.preferences import quiet_until
from notifications.services.telling import RING, heeds, thing_of
from notifications.standing import Standing, rang, waiting_in
from notifications.wording import line_of, title_of
from tickets.models import Ticket, TicketEvent
from tickets.services.settings import ticket_settings
from tickets.states import Status

LOOK_AGAIN = timedelta(minutes=1)
"""Who has the ticket open may be reading it."""
ENTRIES, WORDS = 20, 2000
LONGEST_DIGEST = timedelta(days=7)
NOT_WANTED = "Not wanted any more."


class Outlook:
    """Some ten queries, however many deliveries, and some more for each digest."""

    def __init__(self, deliveries: Sequence[Delivery], now: datetime) -> None:
        self.now = now
        users = {int(one.target) for one in deliveries}
        self.addresses = MailAddress.objects.select_related("user").in_bulk(users)
        self.preferences = Preferences.objects.in_bulk(users)
        self.waiting = waiting_in((one.lane for one in deliveries), MAIL)
        together = [*deliveries, *(one for lane in self.waiting.values() for one in lane)]
        keys = {one.payload[RING] for one in together if RING in one.payload}
        self.standing = Standing(keys, now)
        self.rang = rang(self.standing.notifications.values())
        events = TicketEvent.objects.select_related("ticket")
        self.events = events.in_bulk({one.payload["event"] for one in deliveries if "event" in one.payload})

    def verdict(self, delivery: Delivery) -> Verdict:
        address = self.addresses.get(int(delivery.target))
        letter = delivery.payload[LETTER]
        if address is None or not address.user.is_active:
            return Retract("There is no such address.")
        if letter == CONFIRM:
            return self._confirm(delivery, address)
        if not address.confirmed_at:
            return Retract("The address is not confirmed.")
        if address.mutes(letter):
            return Retract(NOT_WANTED)
        write = {
            Topic.MISSED: self._missed,
            Topic.TRANSCRIPT: self._transcript,
            Topic.DIGEST: self._digest,
            Topic.ALERT: self._alert,
        }
        return write[letter](delivery, address)

    def _kept(self, address: MailAddress) -> Preferences:
        return self.preferences.get(address.pk) or Preferences(user_id=address.pk)

    def _quiet(self, address: MailAddress) -> Wait | None:
        until = quiet_until(self._kept(address), address.user.time_zone, self.now)
        return Wait(until) if until else None

    # --- the link ----------------------------------------------------------------
    def _confirm(self, delivery: Delivery, address: MailAddress) -> Verdict:
        if address.confirmed_at or delivery.payload["asked"] != address.asked_at.isoformat():
            return Retract("Confirmed already, or another was asked for.")
        said = {"name": address.user.username, "site": settings.PUBLIC_URL}
        intro = _("%(name)s at %(site)s wants to be mailed at this address.") % said
        url = links.confirm_url(address.pk, address.address)
        return Ready(
            Letter(
                address,
                delivery.thing,
                _("Confirm your address"),
                intro,
                action=Action(_("Confirm"), url),
                closing=_("The link is good for three days. If that was not you, do nothing."),
            )
        )

    # --- what rang nowhere -------------------------------------------------------
    def _missed(self, delivery: Delivery, address: MailAddress) -> Verdict:
        one = self.standing.notifications.get(delivery.payload[RING])
        if one is None or one.user_id != address.pk:
            return Retract("It is gone.")
        if reason := self._unwanted(one, address):
            return Retract(reason)
        return self._when(one) or self._told(delivery, one, address)

    def _unwanted(self, one: Notification, address: MailAddress) -> str:
        if reason := self.standing.unwanted(one):
            return reason
        if one.pk in self.rang:
            return "A device rang."
        return NOT_WANTED if address.mutes(one.kind) else ""

    def _when(self, one: Notification) -> Verdict | None:
        if (begin := one.created_at + DELAY) > self.now:
            return Wait(begin)
        if self.standing.is_present(one):
            return Wait(self.now + LOOK_AGAIN)
        # When the quiet hours end, a device may ring first.
        until = self.standing.quiet_until(one)
        return Wait(until + DELAY) if until else None

    def _told(self, delivery: Delivery, one: Notification, address: MailAddress) -> Verdict:
        """Together with everything else that waits to be mailed about this ticket."""
        waiting = self.waiting.get(delivery.lane, [])
        told, also = self.standing.together(
            delivery, one, waiting, lambda found: self._unwanted(found, address)
        )
        return Ready(missed_letter(address, told, also, private=self._kept(address).private))

    # --- transcripts -------------------------------------------------------------
    def _transcript(self, delivery: Delivery, address: MailAddress) -> Verdict:
        event = self.events.get(delivery.payload["event"])
        ticket = event.ticket if event else None
        if ticket is None or ticket.deleted_at or ticket.owner_id != address.pk:
            return Retract("The ticket is gone.")
        if ticket.status != Status.CLOSED:
            return Retract("It was opened again.")
        if not ticket_settings()["transcript_enabled"]:
            return Retract(NOT_WANTED)
        return self._quiet(address) or Ready(
            transcript_letter(address, ticket, delivery.thing, private=self._kept(address).private)
        )

    # --- once a day --------------------------------------------------------------
    def _digest(self, delivery: Delivery, address: MailAddress) -> Verdict:
        kept = self._kept(address)
        if not kept.digest:
            return Retract(NOT_WANTED)
        if quiet := self._quiet(address):
            return quiet
        until = parse_datetime(delivery.payload["until"]) or self.now
        keys = list(_unread(address, until).order_by("-pk").values_list("pk", flat=True)[: 10 * ENTRIES])
        standing = Standing(keys, self.now)
        told = [one for one in standing.notifications.values() if self._is_digested(one, standing, address)]
        if not told:
            return Retract("There is nothing to tell.")
        told.sort(key=lambda each: each.pk)
        return Ready(digest_letter(address, told, delivery.thing, private=kept.private))

    def _is_digested(self, one: Notification, standing: Standing, address: MailAddress) -> bool:
        heeded = heeds(one, self._kept(address), standing.is_muted(one))
        return heeded and not standing.gone(one) and not address.mutes(one.kind)

    # --- for staff ---------------------------------------------------------------
    def _alert(self, delivery: Delivery, address: MailAddress) -> Verdict:
        if not address.user.is_staff:
            return Retract("Not staff any more.")
        subject, text = delivery.payload["subject"], delivery.payload["text"]
        return Ready(Letter(address, delivery.thing, subject, text, topic=Topic.ALERT))


def _unread(address: MailAddress, until: datetime) -> QuerySet[Notification]:
    begin = max(address.digested_at or until - timedelta(days=1), until - LONGEST_DIGEST)
    rows = Notification.objects.filter(user=address.pk, read_at=None)
    return rows.filter(created_at__gt=begin, created_at__lte=until)


# --- what they say ---------------------------------------------------------------
def missed_letter(
    address: MailAddress, told: Sequence[Notification], also: tuple[int, ...], *, private: bool
) -> Letter:
    """All about one ticket, or one that is about none. Its Message-ID is of the newest it tells."""
    last = told[-1]
    ticket, count = last.ticket, len(told)
    intro = ngettext("%(count)s thing waits for you.", "%(count)s things wait for you.", count)
    return Letter(
        address,
        f"missed:{thing_of(last)}",
        _title(last, private=private),
        intro % {"count": count},
        [_entry(one, address, private=private) for one in told[-ENTRIES:]],
        action=_way_to(ticket) if ticket else None,
        topic=Topic.MISSED,
        kinds=sorted({one.kind for one in told}),
        thread=_thread(ticket) if ticket else "",
        also=also,
    )


def transcript_letter(address: MailAddress, ticket: Ticket, thing: str, *, private: bool) -> Letter:
    name = f"#{ticket.pk}" if private else f"#{ticket.pk} {ticket.subject}"
    return Letter(
        address,
        thing,
        name,
        _("Your ticket was closed."),
        action=_way_to(ticket),
        topic=Topic.TRANSCRIPT,
        thread=_thread(ticket),
        transcript="" if private else ticket.public_id,
    )


def digest_letter(address: MailAddress, told: Sequence[Notification], thing: str, *, private: bool) -> Letter:
    count = len(told)
    more = _("Those are the newest %(shown)s of %(count)s.") % {"shown": ENTRIES, "count": count}
    return Letter(
        address,
        thing,
        ngettext("%(count)s thing you have not read", "%(count)s things you have not read", count)
        % {"count": count},
        _("What you have not read yet:"),
        [_entry(one, address, private=private, titled=True) for one in told[-ENTRIES:]],
        action=Action(_("Open"), settings.WEB_APP_URL),
        closing=more if count > ENTRIES else "",
        topic=Topic.DIGEST,
    )


def _title(one: Notification, *, private: bool) -> str:
    """A ticket's subject is somebody's words as well."""
    return f"#{one.ticket_id}" if private and one.ticket_id else title_of(one)


def _entry(one: Notification, address: MailAddress, *, private: bool, titled: bool = False) -> Entry:
    line = line_of(one, private=private, length=WORDS)
    zone = ZoneInfo(address.user.time_zone)
    when = f"{one.created_at.astimezone(zone):%Y-%m-%d %H:%M}"
    return Entry(when, f"{_title(one, private=private)}: {line}" if titled else line)


def _way_to(ticket: Ticket) -> Action:
    return Action(_("Open the ticket"), f"{settings.WEB_APP_URL}/#/t/{ticket.public_id}")


def _thread(ticket: Ticket) -> str:
    return f"ticket:{ticket.public_id}"
