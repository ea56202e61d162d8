"""A message as it comes in a request: JSON, or JSON with files."""

from __future__ import annotations

from typing import Any

from tests.servers.discord import posting
from tests.servers.discord.drafts import COMPONENTS_V2, EPHEMERAL, SUPPRESS_EMBEDS, Draft
from tests.servers.discord.errors import invalid, number
from tests.servers.discord.rest.door import Call
from tests.servers.discord.state import Attachment, Message

SETTABLE = SUPPRESS_EMBEDS | COMPONENTS_V2 | 1 << 12


def draft_of(call: Call, fields: dict[str, Any], *, ephemeral: bool = False) -> Draft:
    """Raises 400 and 413; `ephemeral` says whether this route knows that flag."""
    flags = number("flags", fields.get("flags") or 0) & (SETTABLE | (EPHEMERAL if ephemeral else 0))
    nonce = fields.get("nonce")
    return Draft(
        content=text_of(fields),
        embeds=list(fields.get("embeds") or []),
        components=list(fields.get("components") or []),
        attachments=uploaded(call, fields),
        flags=flags,
        allowed=fields.get("allowed_mentions"),
        reference=fields.get("message_reference"),
        nonce=None if nonce is None else str(nonce),
        enforce_nonce=bool(fields.get("enforce_nonce")),
    )


def text_of(fields: dict[str, Any]) -> str:
    content = fields.get("content")
    return "" if content is None else content if isinstance(content, str) else str(content)


def uploaded(call: Call, fields: dict[str, Any]) -> list[Attachment]:
    """The files of the request, with what `attachments` says of each."""
    said = {str(one.get("id")): one for one in fields.get("attachments") or []}
    found = []
    for name, upload in call.uploads.items():
        about = said.get(name.removeprefix("files[").removesuffix("]"), {})
        filename = about.get("filename") or upload.filename
        found.append(posting.attachment(call.community, filename, upload.content, about.get("description")))
    return found


def changes_of(call: Call, fields: dict[str, Any], message: Message) -> dict[str, Any]:
    """What an edit changes; attachments that it does not name are taken off, once it names any."""
    changes: dict[str, Any] = {}
    if "content" in fields:
        changes["content"] = text_of(fields)
    for name in ("embeds", "components"):
        if name in fields:
            changes[name] = list(fields[name] or [])
    if "flags" in fields:
        changes["flags"] = message.flags & ~SETTABLE | number("flags", fields["flags"] or 0) & SETTABLE
    if "allowed_mentions" in fields:
        changes["allowed"] = fields["allowed_mentions"]
    if "attachments" in fields or call.uploads:
        changes["attachments"] = kept(message, fields) + uploaded(call, fields)
    return changes


def kept(message: Message, fields: dict[str, Any]) -> list[Attachment]:
    if "attachments" not in fields:
        return list(message.attachments)
    known = {str(one.id): one for one in message.attachments}
    names = [str(one.get("id")) for one in fields["attachments"] or []]
    if any(len(name) > 15 and name not in known for name in names):
        raise invalid("attachments", "ATTACHMENT_NOT_FOUND", "Attachment not found")
    return [known[name] for name in names if name in known]
