"""Who hears first of what is down, and who hears when nobody acknowledges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from hazesite.audit.services import record
from hazesite.errors import NotAllowed, NotFound, Unfit
from monitoring.models import EscalationPolicy, EscalationStep, NotificationChannel
from monitoring.services.channels import NameTaken
from monitoring.services.checking import needs, text_of, unknown_keys, whole
from monitoring.services.windows import may_read

MAX_STEPS, MAX_MINUTES = 10, 7 * 24 * 60


def policies(actor: User) -> QuerySet[EscalationPolicy]:
    """For staff and monitoring tokens, with their steps and channels."""
    if not may_read(actor):
        raise NotAllowed
    return EscalationPolicy.objects.prefetch_related("steps__channels")


def read_policy(actor: User, policy_id: int) -> EscalationPolicy:
    """Raises `NotFound`."""
    if (policy := policies(actor).filter(pk=policy_id).first()) is None:
        raise NotFound
    return policy


@transaction.atomic
def save_policy(actor: User, given: Mapping[str, Any], policy_id: int | None = None) -> EscalationPolicy:
    """A new one, or with an id the changed one: `name`, and `steps` of `after_minutes` and `channels` (ids).

    The first step is at once (0 minutes). Incidents that are open go on with the new steps.
    Raises `NotAllowed`, `NotFound`, `Unfit`, `NameTaken`.
    """
    if not actor.is_admin:
        raise NotAllowed
    unknown_keys(given, ("name", "steps"))
    policy = EscalationPolicy() if policy_id is None else _locked(policy_id)
    policy.name = given.get("name", policy.name)
    text_of(policy, "name", 100)
    needs(policy.pk or "steps" in given, _("It is needed."), field="steps")
    steps = _steps(given["steps"]) if "steps" in given else None
    try:
        with transaction.atomic():
            policy.save()
    except IntegrityError as error:
        raise NameTaken from error
    if steps is not None:
        _replace(policy, steps)
    facts = {"name": policy.name, "steps": None if steps is None else _minutes_and_keys(steps)}
    verb = "escalation.added" if policy_id is None else "escalation.changed"
    record(verb, "escalation", policy.pk, actor_id=actor.pk, after=facts)
    return read_policy(actor, policy.pk)


def _locked(policy_id: int) -> EscalationPolicy:
    policy = EscalationPolicy.objects.select_for_update().filter(pk=policy_id).first()
    if policy is None:
        raise NotFound
    return policy


def _steps(given: Any) -> dict[int, list[NotificationChannel]]:
    """By minutes, in order."""
    right = isinstance(given, list) and 0 < len(given) <= MAX_STEPS
    needs(right, _("From 1 to %(count)s steps.") % {"count": MAX_STEPS}, field="steps")
    steps: dict[int, list[NotificationChannel]] = {}
    for place, step in enumerate(given):
        field = f"steps.{place}"
        needs(isinstance(step, dict), _("It must be an object."), field=field)
        unknown_keys(step, ("after_minutes", "channels"), field=f"{field}.")
        minutes = step.get("after_minutes")
        whole(minutes, 0, MAX_MINUTES, field=f"{field}.after_minutes")
        needs(minutes not in steps, _("Two steps at the same time."), field=f"{field}.after_minutes")
        steps[minutes] = _channels(step.get("channels"), f"{field}.channels")
    if 0 not in steps:
        raise Unfit(fields={"steps": [_("The first step must be at once: 0 minutes.")]})
    return dict(sorted(steps.items()))


def _channels(given: Any, field: str) -> list[NotificationChannel]:
    right = isinstance(given, list) and given and all(type(key) is int for key in given)
    needs(right, _("Ids of channels, at least one."), field=field)
    found = list(NotificationChannel.objects.filter(pk__in=set(given)))
    needs(len(found) == len(set(given)), _("There is no such channel."), field=field)
    return found


def _replace(policy: EscalationPolicy, steps: dict[int, list[NotificationChannel]]) -> None:
    policy.steps.all().delete()
    for minutes, channels in steps.items():
        step = EscalationStep.objects.create(policy=policy, after_minutes=minutes)
        step.channels.set(channels)


def _minutes_and_keys(steps: dict[int, list[NotificationChannel]]) -> dict[str, list[int]]:
    return {str(minutes): sorted(one.pk for one in channels) for minutes, channels in steps.items()}


@transaction.atomic
def delete_policy(actor: User, policy_id: int) -> None:
    """Monitors that had it tell their own channels again."""
    if not actor.is_admin:
        raise NotAllowed
    policy = _locked(policy_id)
    name = policy.name
    policy.delete()
    record("escalation.deleted", "escalation", policy_id, actor_id=actor.pk, before={"name": name})
