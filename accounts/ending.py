"""Ending sign-ins: their tokens are dead at once, their sockets closed."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.events import SessionEnded
from accounts.models import Session, User
from hazesite.events import publish
from hazesite.realtime.publication import Part, Publication


@transaction.atomic
def end_session(session: Session, reason: str = "signed_out") -> bool:
    """All its tokens are dead and its sockets closed. Ending an ended one changes nothing (False)."""
    locked = Session.objects.select_for_update(no_key=True).get(pk=session.pk)
    if locked.ended_at is not None:
        return False
    end_locked(locked, reason)
    return True


def end_locked(session: Session, reason: str) -> None:
    """For whoever holds its row lock."""
    session.ended_at, session.end_reason = timezone.now(), reason
    session.save(update_fields=["ended_at", "end_reason"])
    rooms = Part((f"session:{session.key}",), ())
    publish(
        SessionEnded(session.pk, session.user_id, reason),
        Publication(parts=(rooms,), closes="unauthorized"),
    )


@transaction.atomic
def end_sessions_of(user: User, reason: str) -> int:
    """Those of tokens, and the cookies of the admin site."""
    User.objects.filter(pk=user.pk).update(cookie_epoch=F("cookie_epoch") + 1)
    sessions = list(user.sessions.select_for_update(no_key=True).filter(ended_at=None))
    for session in sessions:
        end_locked(session, reason)
    return len(sessions)
