"""What comes and goes while a backup is made, at the worst moments."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from hazesite.operations import backups, databases
from tests.tickets.files import given, picture
from tickets.models import StoredFile

pytestmark = [pytest.mark.django_db(transaction=True)]


def test_files_of_each_row_are_there_whatever_came_or_was_purged_meanwhile(
    ticket, alice, client_of, monkeypatch, tmp_path
):
    def attach(width: int) -> str:
        url, file = f"/api/tickets/{ticket.public_id}/attachments", given(picture("PNG", (width, 5)), "a.png")
        assert client_of(alice).post(url, {"file": [file]}, format="multipart").status_code == 200
        return StoredFile.objects.latest("pk").place

    old, real, places = attach(3), databases.dump, []

    def busy(target: Path) -> None:
        places.append(attach(4))
        real(target)
        default_storage.delete(old)

    monkeypatch.setattr(databases, "dump", busy)
    kept = backups.back_up(tmp_path / "kept.tar.gz")
    with tarfile.open(kept.path) as tar:
        names = set(tar.getnames())
    assert {f"uploads/{place}" for place in (old, *places)} <= names
