from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from hazesite.errors import NotAllowed, NotFound, Refused


class WrongState(Refused):
    code = "wrong_state"
    message = _("The ticket's state does not allow this.")


class TicketAlreadyClosed(WrongState):
    code = "ticket_already_closed"
    message = _("This ticket is already closed.")


class TicketClosed(WrongState):
    code = "ticket_closed"
    message = _("This ticket is closed. Reopen it first.")


class TicketNotClosed(WrongState):
    code = "ticket_not_closed"
    message = _("This ticket is not closed.")


class AlreadyClaimed(WrongState):
    code = "already_claimed"
    message = _("Somebody has claimed this ticket already.")


class NotClaimed(WrongState):
    code = "not_claimed"
    message = _("Nobody has claimed this ticket.")


class AssigneeNotStaff(Refused):
    code = "assignee_not_staff"
    message = _("A ticket can only be assigned to a moderator or an admin.")


class NonceReused(Refused):
    code = "nonce_reused"
    message = _("This nonce was used for something else.")


class FileTooLarge(Refused):
    status = 413
    code = "too_large"
    message = _("A file may have 10 MB, all files of a message together 25.")


class UnsupportedFile(Refused):
    status = 415
    code = "unsupported_file"
    message = _("Files of this kind cannot be attached.")


class TooManyPixels(UnsupportedFile):
    message = _("This picture has too many pixels.")


class TicketsDisabled(Refused):
    code = "tickets_disabled"
    message = _("New tickets cannot be opened at the moment.")


class TooManyOpenTickets(Refused):
    code = "too_many_open_tickets"
    message = _("You have as many open tickets as you may. Close one first.")


class UnknownType(Refused):
    code = "unknown_type"
    message = _("There is no ticket category of that name.")


class TicketGone(NotFound):
    """For those who could see it, and for thirty days: it was deleted."""

    status = 410
    code = "ticket_deleted"
    message = _("This ticket was deleted.")


class TicketMerged(TicketClosed):
    code = "ticket_merged"
    message = _("This ticket was merged into another one. Go on there.")


class CannotMerge(WrongState):
    code = "cannot_merge"
    message = _("Only two open tickets of the same member can be merged.")


class AlreadyTheirs(WrongState):
    code = "already_theirs"
    message = _("This ticket is theirs already.")


class NotSnoozed(WrongState):
    code = "not_snoozed"
    message = _("This ticket is not snoozed.")


class TicketBusy(Refused):
    status = 503
    code = "busy"
    message = _("The database cannot answer right now. Try again in a moment.")


class AlreadyRated(Refused):
    code = "already_rated"
    message = _("This ticket has been rated already.")


class Blocked(NotAllowed):
    code = "blocked"
    message = _("You may not write here at the moment.")


class CannotBlockStaff(Refused):
    code = "cannot_block_staff"
    message = _("Moderators and admins cannot be blocked here.")


class NameTaken(Refused):
    code = "name_taken"
    message = _("There is one of that name already.")


class TooManyWebhooks(Refused):
    code = "too_many_webhooks"
    message = _("There are as many webhooks as there may be. Delete one first.")
