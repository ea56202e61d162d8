from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Count, Q, Window
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.http import MemberRequest
from accounts.models import User
from accounts.permissions import Admin, AnyToken, Staff
from accounts.roles import Role
from accounts.viewsets import RoleViewSet, allow
from hazesite import totals
from hazesite.api import DEFAULT_LIMIT, MAX_TOTAL, Keyset, bounded_total, cut, parsed
from hazesite.errors import Unfit
from hazesite.schema import refusals
from tickets import examples, prepared, search, services
from tickets import serializers as s
from tickets.errors import (
    AlreadyClaimed,
    AssigneeNotStaff,
    Blocked,
    NonceReused,
    NotClaimed,
    TicketAlreadyClosed,
    TicketClosed,
    TicketGone,
    TicketMerged,
    TicketNotClosed,
    TicketsDisabled,
    TooManyOpenTickets,
    UnknownType,
)
from tickets.models import Ticket, TicketQuerySet
from tickets.models.tickets import RUNNING, SNOOZED
from tickets.rendering import Json, event_json, summary_json
from tickets.states import UNDONE, Priority, Status
from tickets.views.requests import IDEMPOTENCY_KEY, detail, nonce_of, say, source_of

FEW = {Status.OPEN: UNDONE, Status.CLAIMED: (Status.CLAIMED,)}
"""The states behind a filter that leaves few tickets: most are closed."""


class TicketViews(RoleViewSet):
    request: MemberRequest

    # The one call here that a monitoring token may make: it probes it and never sees a ticket.
    @allow(AnyToken)
    @extend_schema(
        examples=examples.LISTED,
        parameters=[s.ListQuery],
        responses={200: s.TicketsOut, **refusals(400, 401)},
    )
    def list(self, request: MemberRequest) -> Response:
        """Tickets by latest activity: all for staff, one's own for members."""
        query = parsed(s.ListQuery, request.query_params.dict())
        return Response(_listing(_page(query, request.user)))

    @extend_schema(
        examples=examples.OPENED,
        parameters=[IDEMPOTENCY_KEY],
        request=s.OpenTicketIn,
        responses={
            201: s.DetailOut,
            **refusals(
                400,
                401,
                403,
                Blocked,
                TicketsDisabled,
                TooManyOpenTickets,
                UnknownType,
                NonceReused,
                Unfit,
                429,
            ),
        },
    )
    def open(self, request: MemberRequest) -> Response:
        """A new ticket; the description is its first message."""
        body = parsed(s.OpenTicketIn, request.data)
        nonce = nonce_of(request.headers, body.pop("client_nonce"))
        ticket = services.open_ticket(request.user, **body, nonce=nonce, source=source_of(request.headers))
        return detail(ticket.public_id, request, status=201)

    @extend_schema(responses={200: s.OptionsOut, **refusals(401, 403)})
    def options_for_new(self, request: MemberRequest) -> Response:
        """What a form for a new ticket needs to know."""
        settings = services.ticket_settings()
        return Response(
            {
                "enabled": settings["enabled"],
                "categories": [
                    {"name": name, "form": settings["forms"].get(name, [])} for name in settings["categories"]
                ],
                "priorities": list(Priority.values),
                "owner_may_close": settings["owner_may_close"],
                "may_open": services.places_left(request.user, settings["max_open_per_user"]),
            }
        )

    @extend_schema(examples=examples.READ, responses={200: s.DetailOut, **refusals(401, 403, 404)})
    def read(self, request: MemberRequest, ticket_id: str) -> Response:
        """A ticket with its newest hundred messages, oldest first."""
        return detail(ticket_id, request)

    @extend_schema(
        examples=examples.HISTORY,
        responses={200: s.EventsOut, **refusals(400, 401, 403, 404, TicketGone)},
        parameters=[s.EventsQuery],
    )
    def events(self, request: MemberRequest, ticket_id: str) -> Response:
        """Everything after a place in the ticket's stream that the caller may see, in order."""
        query = parsed(s.EventsQuery, request.query_params.dict())
        after, limit, staff = query["after"], query["limit"], request.user.is_staff
        ticket, events = services.stream_after(ticket_id, request.user, after, limit)
        head = ticket.head_for(request.user)
        reached = events[-1].seq if events else after
        return Response(
            {
                "events": [event_json(event, staff=staff) for event in events],
                "head": head,
                "has_more": len(events) == limit and reached < head,
            }
        )

    @extend_schema(
        examples=examples.CLOSED,
        request=s.CloseIn,
        responses={200: s.SuccessOut, **refusals(400, 401, 403, Blocked, 404, TicketAlreadyClosed)},
    )
    def close(self, request: MemberRequest, ticket_id: str) -> Response:
        """For staff, and for the owner where `owner_may_close` is set."""
        body = parsed(s.CloseIn, request.data)
        services.close_ticket(
            ticket_id, request.user, body["close_message"] or "", source=source_of(request.headers)
        )
        return Response({"success": True, "message": "Ticket closed"})

    @extend_schema(
        request=None,
        responses={200: s.SuccessOut, **refusals(401, 403, Blocked, 404, TicketNotClosed, TicketMerged)},
    )
    def reopen(self, request: MemberRequest, ticket_id: str) -> Response:
        """For staff and the owner. Claim and assignment are cleared."""
        services.reopen_ticket(ticket_id, request.user)
        return Response({"success": True, "message": "Ticket reopened"})

    @extend_schema(request=s.MarkReadIn, responses={200: s.SuccessOut, **refusals(400, 401, 403, 404)})
    def mark_read(self, request: MemberRequest, ticket_id: str) -> Response:
        """For the caller alone: unread is what came after `up_to_seq`."""
        body = parsed(s.MarkReadIn, request.data)
        services.mark_read(ticket_id, request.user, body["up_to_seq"])
        return Response({"success": True})

    @allow(Staff)
    @extend_schema(
        request=None, responses={200: s.DetailOut, **refusals(401, 403, 404, AlreadyClaimed, TicketClosed)}
    )
    def claim(self, request: MemberRequest, ticket_id: str) -> Response:
        """Take it. Of two who try at once, one gets a 409."""
        services.claim_ticket(ticket_id, request.user)
        return detail(ticket_id, request)

    @allow(Staff)
    @extend_schema(
        request=None, responses={200: s.DetailOut, **refusals(401, 403, 404, NotClaimed, TicketClosed)}
    )
    def unclaim(self, request: MemberRequest, ticket_id: str) -> Response:
        """Give it back to everybody."""
        services.unclaim_ticket(ticket_id, request.user)
        return detail(ticket_id, request)

    @allow(Staff)
    @extend_schema(
        request=s.AssignIn,
        responses={200: s.DetailOut, **refusals(400, 401, 403, 404, AssigneeNotStaff, TicketClosed)},
    )
    def assign(self, request: MemberRequest, ticket_id: str) -> Response:
        """Give it to a moderator or an admin."""
        services.assign_ticket(ticket_id, request.user, parsed(s.AssignIn, request.data)["assigned_to"])
        return detail(ticket_id, request)

    @allow(Staff)
    @extend_schema(
        request=s.UpdateTicketIn, responses={200: s.DetailOut, **refusals(400, 401, 403, 404, UnknownType)}
    )
    def update(self, request: MemberRequest, ticket_id: str) -> Response:
        """Change priority, type or tags; absent keys stay."""
        services.update_ticket(ticket_id, request.user, parsed(s.UpdateTicketIn, request.data))
        return detail(ticket_id, request)

    @allow(Staff)
    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=s.MessageIn,
        responses={200: s.SentOut, **refusals(400, 401, 403, 404, NonceReused, Unfit, 429)},
    )
    def note(self, request: MemberRequest, ticket_id: str) -> Response:
        """An internal note: the owner never sees it."""
        return say(services.add_note, request, ticket_id)

    @allow(Admin)
    @extend_schema(request=None, responses={200: s.SuccessOut, **refusals(401, 403, 404)})
    def remove(self, request: MemberRequest, ticket_id: str) -> Response:
        """Gone for everybody at once, and from the database after thirty days."""
        services.delete_ticket(ticket_id, request.user)
        return Response({"success": True, "message": "Ticket deleted"})


Page = tuple[list[Json], str | None, int]


def _page(query: dict[str, Any], reader: User) -> Page:
    if reader.role == Role.MONITORING:
        Keyset(Ticket.objects.none(), "active_at").page(query["limit"], query["cursor"])  # the same refusals
        return [], None, 0
    if _is_plain(query):
        return _newest(query["limit"], reader)
    rows = _filtered(Ticket.objects.visible_to(reader), query, reader.is_staff)
    return (_searched if query["q"] or "tag" in query else _listed)(rows, query, reader)


def newest_tickets(reader: User) -> Json:
    """The list as it is shown to who asks for nothing in particular."""
    return _listing(_newest(DEFAULT_LIMIT, reader))


def _listing(found: Page) -> Json:
    page, cursor, total = found
    return {"tickets": page, "next_cursor": cursor, "total": total}


def _newest(limit: int, reader: User) -> Page:
    found = prepared.newest_tickets(reader, limit + 1)
    page, after = cut(found, limit, "active_at")
    total = prepared.number_of_tickets(reader) if after else len(page)
    return [ticket.shown for ticket in page], after, total


def _listed(rows: TicketQuerySet, query: dict[str, Any], reader: User) -> Page:
    page, after = Keyset(rows.as_shown_to(reader), "active_at").page(query["limit"], query["cursor"])
    total = _total(query, reader, page, after, lambda: bounded_total(_to_count(rows, query)))
    return _shown(page, reader), after, total


def _is_plain(query: dict[str, Any]) -> bool:
    """What an app asks for when it is opened: the first page, of everything."""
    return not (query["q"] or query["cursor"] or _is_filtered(query))


def _is_filtered(query: dict[str, Any]) -> bool:
    asked = {name for name, value in query.items() if value not in (None, "")}
    return query["status"] != "all" or not asked <= {"limit", "cursor", "q", "status"}


def _searched(rows: TicketQuerySet, query: dict[str, Any], reader: User) -> Page:
    """Where no index is sorted as the list is: the page first, then what its tickets are shown with.

    All at once, people and last messages would be fetched for every ticket that is sorted.
    """
    found = search.Found(rows, _to_count(rows, query))
    if query["q"]:
        first = 0 if query["cursor"] else query["limit"] + 1
        states = FEW.get(query["status"], ())
        found = search.matching(
            rows, query["q"], reader, filtered=_is_filtered(query), first=first, states=states
        )
    to_sort = found.rows.only("active_at")
    if found.is_collected and query["cursor"] is None:
        to_sort = to_sort.annotate(of=Window(Count("*")))
    page, cursor = Keyset(to_sort, "active_at").page(query["limit"], query["cursor"])
    shown = Ticket.objects.visible_to(reader).as_shown_to(reader).in_bulk([ticket.pk for ticket in page])
    known = min(getattr(page[0], "of", 0), MAX_TOTAL) if page else 0
    total = known or _total(query, reader, page, cursor, found.total)
    return _shown([shown[ticket.pk] for ticket in page if ticket.pk in shown], reader), cursor, total


def _shown(page: list[Ticket], reader: User) -> list[Json]:
    return [summary_json(ticket, reader) for ticket in page]


def _to_count(rows: TicketQuerySet, query: dict[str, Any]) -> TicketQuerySet:
    return rows.running() if query["status"] == Status.OPEN else rows


def _total(
    query: dict[str, Any], reader: User, page: list[Ticket], after: str | None, count: Callable[[], int]
) -> int:
    if query["cursor"] is None and after is None:
        return len(page)
    who = "staff" if reader.is_staff else reader.pk
    asked = {name: value for name, value in query.items() if name not in ("limit", "cursor")}
    return totals.counted((who, *sorted(asked.items())), count)


def _filtered(rows: TicketQuerySet, query: dict[str, Any], staff: bool) -> TicketQuerySet:
    rows = rows.with_status(query["status"])
    if "assigned_to" in query:
        # Their key first: through a join no index is found that is sorted as the list is.
        assignee = User.objects.filter(user_id=query["assigned_to"]).values_list("pk", flat=True).first()
        rows = rows.filter(assigned_to=assignee) if assignee else rows.none()
    if "priority" in query:
        rows = rows.filter(priority=query["priority"])
    if "tag" in query:
        rows = rows.with_tag(query["tag"])
    if "awaiting" in query:
        rows = rows.filter(RUNNING, awaiting=query["awaiting"])
    if staff:
        rows = _filtered_for_staff(rows, query)
    return rows


def _filtered_for_staff(rows: TicketQuerySet, query: dict[str, Any]) -> TicketQuerySet:
    if query.get("overdue") is not None:
        missed = RUNNING & (Q(answer_overdue=True) | Q(resolution_overdue=True))
        rows = rows.filter(missed) if query["overdue"] else rows.exclude(missed)
    if query.get("snoozed") is not None:
        rows = rows.filter(SNOOZED) if query["snoozed"] else rows.exclude(SNOOZED)
    return rows
