"""Answers to interactions. The token in the path is all the proof there is."""

from __future__ import annotations

from typing import Any

from tests.servers.discord import interacting, payloads
from tests.servers.discord.drafts import EPHEMERAL, LOADING
from tests.servers.discord.errors import number
from tests.servers.discord.rest.bodies import changes_of, draft_of
from tests.servers.discord.rest.door import Call, door
from tests.servers.discord.state import Interaction, Message


@door("POST", "/interactions/{interaction}/{token}/callback", "CALLBACK", auth="none")
async def answer(call: Call) -> Any:
    """204, or what came of it when `with_response` asks."""
    community = call.community
    one = interacting.by_id(community, call.path["interaction"], call.path["token"])
    kind, fields = number("type", call.fields.get("type") or 0), call.fields.get("data") or {}
    if kind == interacting.MODAL:
        interacting.show_modal(one, fields)
    else:
        changes = changes_of(call, fields, one.message) if one.message and kind == interacting.UPDATE else {}
        draft = draft_of(call, fields if kind != interacting.UPDATE else {}, ephemeral=True)
        interacting.answer(community, one, kind, draft, changes)
    if call.query.get("with_response", "").lower() not in ("1", "true"):
        return None
    return outcome(call, one)


def outcome(call: Call, one: Interaction) -> dict[str, Any]:
    about: dict[str, Any] = {"id": str(one.id), "type": int(one.kind), "channel_id": str(one.channel_id)}
    body: dict[str, Any] = {"interaction": about}
    if one.original:
        about["response_message_id"] = str(one.original.id)
        about["response_message_loading"] = bool(one.original.flags & LOADING)
        about["response_message_ephemeral"] = bool(one.original.flags & EPHEMERAL)
        if one.answered in (interacting.MESSAGE, interacting.UPDATE):
            body["resource"] = {
                "type": one.answered,
                "message": payloads.message(call.community, one.original),
            }
    return body


def follow_up(call: Call) -> dict[str, Any]:
    """`POST /webhooks/{application}/{token}`: always answers with the message."""
    one = interacting.by_token(call.community, call.path["token"])
    draft = draft_of(call, call.fields, ephemeral=True)
    return payloads.message(call.community, interacting.follow_up(call.community, one, draft))


def found(call: Call) -> tuple[Interaction, Message]:
    one = interacting.by_token(call.community, call.path["token"])
    return one, interacting.message_of(one, call.path["message"])


def get_message(call: Call) -> dict[str, Any]:
    return payloads.message(call.community, found(call)[1])


def edit_message(call: Call) -> dict[str, Any]:
    one, message = found(call)
    changes = changes_of(call, call.fields, message)
    return payloads.message(call.community, interacting.rewrite(call.community, one, message, changes))


def delete_message(call: Call) -> None:
    interacting.remove(call.community, *found(call))
