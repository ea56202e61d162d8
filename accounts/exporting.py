"""All that is known of somebody, as one JSON file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import orjson
from django.db import transaction
from django.utils import timezone

from accounts.events import PersonExported
from accounts.models import User
from hazesite import personal_data, ratelimits
from hazesite.errors import NotAllowed, NotFound
from hazesite.events import publish
from hazesite.uploads import nameless_file

EXPORTS_PER_USER = "10/h"


def export_for(user_id: str, actor: User) -> tuple[IO[bytes], int, str]:
    """A file at its beginning, for the caller to close, its size, and a name for it.

    One's own, or for an admin anybody's. Raises `NotFound`, `NotAllowed`, `TooMany`.
    """
    if not actor.is_admin and user_id != actor.user_id:
        raise NotAllowed
    person: User | None = User.objects.people().filter(user_id=user_id).first()
    if person is None:
        raise NotFound
    ratelimits.spend("exports", actor.pk, EXPORTS_PER_USER)
    if actor.pk != person.pk:
        note(person, actor)
    file = nameless_file()
    try:
        for piece in pieces(person):
            file.write(piece)
        size = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file, size, f"hazebot-{person.user_id}.json"


@transaction.atomic
def note(person: User, actor: User | None) -> None:
    """For the audit log. `actor` None is whoever has the server's shell."""
    publish(PersonExported(person.pk, actor.pk if actor else None))


def pieces(person: User) -> Iterator[bytes]:
    """The file: an object of parts, each an object of lists. Memory for one row, attachments included."""
    yield b'{"exported_at":' + _json(timezone.now()) + b',"user_id":' + _json(person.user_id)
    for part in personal_data.parts():
        yield b"," + _json(part.name) + b":{"
        for number, (name, rows) in enumerate(part.export(person)):
            yield (b"," if number else b"") + _json(name) + b":["
            for place, row in enumerate(rows):
                yield (b",\n" if place else b"\n") + _json(row)
            yield b"]"
        yield b"}"
    yield b"}\n"


def _json(value: object) -> bytes:
    return orjson.dumps(value, default=str, option=orjson.OPT_UTC_Z)
