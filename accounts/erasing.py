"""Forgetting somebody: blocked at once, then part by part, in portions, as a job that may begin anew."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.access import locked_with_admins
from accounts.ending import end_sessions_of
from accounts.errors import Erased, LastAdmin, NotConfirmed
from accounts.events import PersonErased
from accounts.models import Erasure, User
from hazesite import personal_data
from hazesite.errors import NotAllowed, NotFound
from hazesite.events import publish
from hazesite.personal_data import Trace

LOOK_AGAIN = timedelta(minutes=2)
"""By then no transaction lives any more that began before the person was blocked."""
State = Erasure.State


def erasures(actor: User) -> QuerySet[Erasure]:
    """With their people. Admins see them."""
    if not actor.is_admin:
        raise NotAllowed
    return Erasure.objects.select_related("user", "asked_by", "agreed_by")


def read_erasure(actor: User, erasure_id: str) -> Erasure:
    """Raises `NotFound`."""
    known = erasure_id.isascii() and erasure_id.isdigit() and len(erasure_id) < 19
    found = erasures(actor).filter(pk=int(erasure_id)).first() if known else None
    if found is None:
        raise NotFound
    return found


def ask_or_erase(user_id: str, actor: User, confirm: str) -> Erasure:
    """An admin begins it, also what the person asked for; anybody else asks, for themselves alone.

    `confirm` is the person's user name. Again: the same erasure. Raises `NotFound` (somebody else, too),
    `NotConfirmed`, `LastAdmin`.
    """
    user: User | None = User.objects.people().filter(user_id=user_id).first()
    if user is None or (not actor.is_admin and user.pk != actor.pk):
        raise NotFound
    if not constant_time_compare(confirm.encode(), user.username.encode()):
        raise NotConfirmed(fields={"confirm": ["Not the user name."]})
    return begin_erasing(user, actor) if actor.is_admin else _ask(user)


@transaction.atomic
def _ask(user: User) -> Erasure:
    erasure, made = Erasure.objects.exclude(state=State.DONE).get_or_create(
        user=user, defaults={"asked_by": user}
    )
    if made:
        publish(PersonErased(user.pk, user.pk, "asked"))
    return erasure


@transaction.atomic
def begin_erasing(user: User, actor: User | None) -> Erasure:
    """Blocked and signed out now; the rest is a job. `actor` None is whoever has the server's shell.

    Raises `LastAdmin`, `Erased` for somebody who is forgotten already, `NotAllowed`.
    """
    from accounts.jobs import erase_in_portions

    user = locked_with_admins(user.pk, actor)
    if user.erased_at is not None:
        raise Erased
    others = User.objects.admins().filter(is_active=True).exclude(pk=user.pk)
    if user.is_admin and not others.exists():
        raise LastAdmin
    erasure, _made = Erasure.objects.exclude(state=State.DONE).get_or_create(
        user=user, defaults={"asked_by": actor}
    )
    if erasure.state == State.RUNNING:
        return erasure
    user.is_active = False
    user.save(update_fields=["is_active"])
    end_sessions_of(user, "erased")
    erasure.state, erasure.agreed_by, erasure.started_at = State.RUNNING, actor, timezone.now()
    erasure.save(update_fields=["state", "agreed_by", "started_at"])
    publish(PersonErased(user.pk, actor.pk if actor else None, "begun"))
    erase_in_portions.enqueue(erasure.pk)
    return erasure


def run(erasure: Erasure) -> Erasure:
    """Do all there is, portion by portion. Two at once, or a second time, do no harm."""
    from accounts.jobs import erase_in_portions

    trace = trace_of(erasure)
    for part in personal_data.parts():
        while count := _portion(part, trace):
            _note(erasure, part.name, count)
        part.finish()
    with transaction.atomic():
        first = Erasure.objects.filter(pk=erasure.pk, state=State.RUNNING)
        if first.update(state=State.DONE, finished_at=timezone.now()):
            publish(PersonErased(erasure.user_id, None, "finished"))
            # What was on its way when they were blocked may have arrived behind us.
            erase_in_portions.using(run_after=timezone.now() + LOOK_AGAIN).enqueue(erasure.pk)
    erasure.refresh_from_db()
    return erasure


def trace_of(erasure: Erasure) -> Trace:
    user = User.objects.get(pk=erasure.user_id)
    keeps_id = user.erased_at is not None or user.user_id.startswith("u")
    return Trace(user, erasure.alias, user.user_id if keeps_id else erasure.later_user_id)


@transaction.atomic
def _portion(part: personal_data.Part, trace: Trace) -> int:
    return part.erase(trace)


@transaction.atomic
def _note(erasure: Erasure, part: str, count: int) -> None:
    row = Erasure.objects.select_for_update(no_key=True).get(pk=erasure.pk)
    row.counts[part] = row.counts.get(part, 0) + count
    row.save(update_fields=["counts"])
