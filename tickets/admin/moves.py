"""What can be done with one ticket from its page: each a service, some with a small form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from tickets import services
from tickets.models import Ticket
from tickets.states import Priority, Verb

Call = Callable[[Ticket, User, dict[str, Any]], Any]


class MoveForm(forms.Form):
    def __init__(self, ticket: Ticket, data: Any = None) -> None:
        super().__init__(data, auto_id=f"{type(self).__name__}-%s")
        self.ticket = ticket


class TransferForm(MoveForm):
    to = forms.ChoiceField(label=_("To"))
    note = forms.CharField(label=_("Note for them"), required=False, max_length=4000)

    def __init__(self, ticket: Ticket, data: Any = None) -> None:
        super().__init__(ticket, data)
        staff = User.objects.staff().exclude(pk=ticket.claimed_by_id).order_by("username")[:200]
        self.fields["to"].choices = [(user.user_id, user.username) for user in staff]  # type: ignore[attr-defined]


class SnoozeForm(MoveForm):
    until = forms.DateTimeField(
        label=_("Until (UTC)"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )


class MergeForm(MoveForm):
    into = forms.ChoiceField(label=_("Into"))

    def __init__(self, ticket: Ticket, data: Any = None) -> None:
        super().__init__(ticket, data)
        others = Ticket.objects.filter(owner=ticket.owner_id, deleted_at=None).open().exclude(pk=ticket.pk)
        choices = [(other.public_id, str(other)) for other in others.order_by("-active_at")[:50]]
        self.fields["into"].choices = choices  # type: ignore[attr-defined]


class UpdateForm(MoveForm):
    priority = forms.ChoiceField(label=_("Priority"), choices=Priority.choices)
    type = forms.ChoiceField(label=_("Type"))
    tags = forms.CharField(label=_("Tags, by commas"), required=False, max_length=1000)

    def __init__(self, ticket: Ticket, data: Any = None) -> None:
        super().__init__(ticket, data)
        categories = services.ticket_settings()["categories"]
        known = categories if ticket.type in categories else [ticket.type, *categories]
        self.fields["type"].choices = [(name, name) for name in known]  # type: ignore[attr-defined]
        tags = ", ".join(tag.name for tag in ticket.tag_rows.all())
        self.initial = {"priority": ticket.priority, "type": ticket.type, "tags": tags}

    def clean_tags(self) -> list[str]:
        names = [name.strip() for name in self.cleaned_data["tags"].split(",")]
        if any(len(name) > 50 for name in names) or len(names) > 20:
            raise forms.ValidationError(_("At most twenty, of up to fifty characters each."))
        return [name for name in names if name]


@dataclass(frozen=True)
class Move:
    label: Any
    call: Call
    offered: Callable[[Ticket], bool]
    form: type[MoveForm] | None = None


def _by_table(verb: Verb) -> Callable[[Ticket], bool]:
    return lambda ticket: ticket.after(verb) is not None


def _changed(ticket: Ticket, given: dict[str, Any]) -> dict[str, Any]:
    """Only what was changed: a type that is no category any more may stay."""
    before = {"priority": ticket.priority, "type": ticket.type}
    before["tags"] = sorted(tag.name for tag in ticket.tag_rows.all())  # type: ignore[assignment]
    after = {**given, "tags": sorted(given["tags"])}
    return {name: value for name, value in after.items() if value != before[name]}


MOVES: Mapping[str, Move] = {
    "claim": Move(
        _("Claim"),
        lambda ticket, actor, _given: services.claim_ticket(ticket.public_id, actor),
        _by_table(Verb.CLAIM),
    ),
    "unclaim": Move(
        _("Unclaim"),
        lambda ticket, actor, _given: services.unclaim_ticket(ticket.public_id, actor),
        _by_table(Verb.UNCLAIM),
    ),
    "close": Move(
        _("Close"),
        lambda ticket, actor, _given: services.close_ticket(ticket.public_id, actor),
        _by_table(Verb.CLOSE),
    ),
    "reopen": Move(
        _("Reopen"),
        lambda ticket, actor, _given: services.reopen_ticket(ticket.public_id, actor),
        lambda ticket: ticket.after(Verb.REOPEN) is not None and ticket.merged_into_id is None,
    ),
    "wake": Move(
        _("Wake"),
        lambda ticket, actor, _given: services.wake_ticket(ticket.public_id, actor),
        lambda ticket: ticket.snoozed_until is not None,
    ),
    "update": Move(
        _("Priority, type, tags"),
        lambda ticket, actor, given: services.update_ticket(ticket.public_id, actor, _changed(ticket, given)),
        lambda _ticket: True,
        UpdateForm,
    ),
    "transfer": Move(
        _("Hand over"),
        lambda ticket, actor, given: services.transfer_ticket(
            ticket.public_id, actor, given["to"], given["note"], source="admin"
        ),
        _by_table(Verb.TRANSFER),
        TransferForm,
    ),
    "snooze": Move(
        _("Snooze"),
        lambda ticket, actor, given: services.snooze_ticket(ticket.public_id, actor, given["until"]),
        lambda ticket: not ticket.is_closed,
        SnoozeForm,
    ),
    "merge": Move(
        _("Merge into another of theirs"),
        lambda ticket, actor, given: services.merge_tickets(ticket.public_id, given["into"], actor),
        lambda ticket: not ticket.is_closed,
        MergeForm,
    ),
}


def offered_for(ticket: Ticket) -> list[tuple[str, Move, MoveForm | None]]:
    """The moves its state allows, with their forms."""
    moves = [(name, move) for name, move in MOVES.items() if move.offered(ticket)]
    return [(name, move, move.form(ticket) if move.form else None) for name, move in moves]
