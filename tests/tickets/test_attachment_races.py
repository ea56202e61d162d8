"""The same file from several people at once, and the sweeper among them. Means something on PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from tests.tickets.files import given
from tests.tickets.test_races import at_once
from tickets import services
from tickets.models import Attachment, StoredFile
from tickets.services.attachments import sweep_unused_files

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
LONG_AGO = timedelta(days=1)


def attach(ticket, who):
    return lambda: services.attach_files(ticket.public_id, who, [given(b"the same", "a.txt")])


def everything_is_there() -> bool:
    return all(default_storage.exists(stored.place) for stored in StoredFile.objects.all())


@pytest.mark.parametrize("_round", range(5))
def test_the_same_bytes_at_once_are_stored_once(ticket, alice, moira, ada, _round):
    at_once(*(attach(ticket, who) for who in (alice, moira, ada)))
    assert StoredFile.objects.count() == 1 and Attachment.objects.count() == 3
    assert everything_is_there()


@pytest.mark.parametrize("_round", range(20))
def test_the_sweeper_takes_nothing_that_somebody_just_sends_again(ticket, alice, moira, _round):
    attach(ticket, alice)()
    Attachment.objects.all().delete()
    StoredFile.objects.update(created_at=timezone.now() - LONG_AGO)
    at_once(attach(ticket, alice), sweep_unused_files, attach(ticket, moira), sweep_unused_files)
    assert StoredFile.objects.count() == 1 and Attachment.objects.count() == 2
    assert everything_is_there()
