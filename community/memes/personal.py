"""Which memes a person has seen: so that they do not see them again soon."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from community.memes.models import Shown
from hazesite import personal_data
from hazesite.personal_data import Part, Rows, Trace


def export(person: Any) -> Iterable[tuple[str, Rows]]:
    yield "memes_seen", Shown.objects.filter(user=person.pk).values("meme", "at").iterator()


def erase(trace: Trace) -> int:
    return Shown.objects.filter(user=trace.person.pk).delete()[0]


def register() -> None:
    personal_data.register(Part("memes", (Shown._meta.label,), export, erase, turn=1))
