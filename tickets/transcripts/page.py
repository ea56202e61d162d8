"""One HTML file that needs nothing else: no script, no other file, no server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.template.loader import get_template

from tickets.models import Message
from tickets.transcripts.conversations import Conversation, Line, lines
from tickets.transcripts.pictures import Pictures
from tickets.transcripts.wording import shown

FOLDER = "tickets/transcript"


def page(conversations: list[Conversation]) -> Iterator[str]:
    first, pictures = conversations[0], Pictures()
    yield get_template(f"{FOLDER}/head.html").render({"ticket": first.ticket})
    for conversation in conversations:
        answers = [(answer["label"], shown(answer["value"])) for answer in conversation.ticket.answers]
        merged = conversation is not first
        context = {"ticket": conversation.ticket, "merged": merged, "answers": answers}
        yield get_template(f"{FOLDER}/ticket.html").render(context)
        yield from _steps(conversation, pictures)
    yield get_template(f"{FOLDER}/foot.html").render({"ticket": first.ticket})


def _steps(conversation: Conversation, pictures: Pictures) -> Iterator[str]:
    step = get_template(f"{FOLDER}/step.html")
    for portion in conversation.portions():
        told = list(lines(portion))
        found = pictures.of([line.message for line in told if line.message])
        for line in told:
            # One after the other: so many pictures at once would fill the memory.
            files = _files(line.message, found, pictures) if line.message else []
            yield step.render(_context(line, files))


def _files(message: Message, found: dict[str, Any], pictures: Pictures) -> list[dict[str, Any]]:
    return [file | {"inside": pictures.inside(found.get(file["id"]))} for file in message.attached]


def _context(line: Line, files: list[dict[str, Any]]) -> dict[str, Any]:
    return {"at": line.event.at, "sentence": line.sentence, "message": line.message, "files": files}
