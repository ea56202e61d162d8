"""Status pages: which monitors the public sees, and under which names. Admins decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.models import User
from hazesite.api import refused_by
from hazesite.audit.services import record
from hazesite.errors import NotAllowed, NotFound, Refused
from hazesite.fields import Changes, Flag, Shaped, Strict, Text, Whole, unfit
from monitoring.models import Monitor, StatusPage, StatusPageEntry
from monitoring.monitor_settings import KEY
from monitoring.services.windows import may_read

MAX_ENTRIES = 500


class SlugTaken(Refused):
    code = "slug_taken"
    message = _("There is a page at this address already.")


class EntryIn(Strict):
    monitor = Whole(**KEY)
    group = Text(max_length=100, required=False, allow_blank=True)
    label = Text(  # type: ignore[assignment] # the framework's name for something else
        max_length=150, required=False, allow_blank=True, help_text="Instead of the monitor's name."
    )


class PageIn(Strict):
    slug = Shaped(r"^[a-z0-9][a-z0-9-]{0,59}\Z", help_text="It is at `/status/<slug>`.")
    title = Text(max_length=150)
    description = Text(max_length=1000, required=False, allow_blank=True)
    is_public = Flag(required=False, help_text="False: staff alone see it.")
    monitors = serializers.ListField(
        child=EntryIn(), max_length=MAX_ENTRIES, required=False, help_text="In this order."
    )

    def validate_monitors(self, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        wanted = [entry["monitor"] for entry in entries]
        if len(set(wanted)) < len(wanted):
            raise unfit(_("A monitor can be there once only."))
        if Monitor.objects.filter(pk__in=wanted).count() < len(wanted):
            raise unfit(_("There is no such monitor."))
        return entries


class PageChangeIn(Changes, PageIn):
    """What is to change of a page."""


def pages(actor: User) -> QuerySet[StatusPage]:
    """For staff and monitoring tokens, with their entries."""
    if not may_read(actor):
        raise NotAllowed
    return StatusPage.objects.prefetch_related("entries")


def read_page(actor: User, page_id: int) -> StatusPage:
    """Raises `NotFound`."""
    if (page := pages(actor).filter(pk=page_id).first()) is None:
        raise NotFound
    return page


@transaction.atomic
def save_page(actor: User, given: Any, page_id: int | None = None) -> StatusPage:
    """A new one, or with an id the changed one; `monitors` replaces all its entries.

    Raises `NotAllowed`, `NotFound`, `Invalid`, `Unfit`, `SlugTaken`.
    """
    if not actor.is_admin:
        raise NotAllowed
    form = PageIn(data=given) if page_id is None else PageChangeIn(data=given)
    try:
        form.is_valid(raise_exception=True)
    except serializers.ValidationError as error:
        raise refused_by(error) from error
    page = StatusPage() if page_id is None else _locked(page_id)
    _fill(page, form.validated_data)
    verb = "status_page.added" if page_id is None else "status_page.changed"
    record(verb, "status_page", page.pk, actor_id=actor.pk, after=dict(form.validated_data))
    return read_page(actor, page.pk)


def _locked(page_id: int) -> StatusPage:
    page = StatusPage.objects.select_for_update(no_key=True).filter(pk=page_id).first()
    if page is None:
        raise NotFound
    return page


def _fill(page: StatusPage, found: Mapping[str, Any]) -> None:
    for name in found.keys() - {"monitors"}:
        setattr(page, name, found[name])
    try:
        with transaction.atomic():
            page.save()
    except IntegrityError as error:
        raise SlugTaken from error
    if "monitors" in found:
        page.entries.all().delete()
        StatusPageEntry.objects.bulk_create(
            StatusPageEntry(
                page=page,
                monitor_id=entry["monitor"],
                group=entry.get("group", ""),
                label=entry.get("label", ""),
                position=position,
            )
            for position, entry in enumerate(found["monitors"])
        )


@transaction.atomic
def delete_page(actor: User, page_id: int) -> None:
    if not actor.is_admin:
        raise NotAllowed
    page = _locked(page_id)
    facts = {"slug": page.slug}
    page.delete()
    record("status_page.deleted", "status_page", page_id, actor_id=actor.pk, before=facts)
