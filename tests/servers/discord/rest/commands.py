"""The application's commands, of the guild or of every guild."""

from __future__ import annotations

import re
from typing import Any

from tests.servers.discord import payloads
from tests.servers.discord.errors import ApiError, check_length, invalid, missing_access, unknown
from tests.servers.discord.rest.door import Call, door
from tests.servers.discord.state import Command

EVERYWHERE = "/applications/{application}/commands"
IN_GUILD = "/applications/{application}/guilds/{guild}/commands"
NAME = re.compile(r"^[-_'\w]{1,32}$")
CHAT_INPUT, COMMANDS, OPTIONS = 1, 100, 25


def place(call: Call) -> int | None:
    """The guild of the path, None for everywhere. Raises 403 for another application's or guild's."""
    if call.path["application"] != str(call.community.application_id):
        raise ApiError(403, 20012, "You are not authorized to perform this action on this application")
    if "guild" not in call.path:
        return None
    there = call.bot.id in call.community.members
    if not there or call.path["guild"] != str(call.community.guild_id):
        raise missing_access()
    return call.community.guild_id


def of_place(call: Call) -> list[Command]:
    where = place(call)
    return [one for one in call.community.commands.values() if one.guild_id == where]


def check(where: str, body: dict[str, Any]) -> None:
    name = body.get("name")
    check_length(f"{where}name", name, 1, 32)
    if body.get("type", CHAT_INPUT) == CHAT_INPUT:
        if not NAME.match(str(name)) or str(name) != str(name).lower():
            raise invalid(f"{where}name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
        check_length(f"{where}description", body.get("description"), 1, 100)
    check_options(where, body.get("options") or [])


def check_options(where: str, options: list[dict[str, Any]]) -> None:
    if len(options) > OPTIONS:
        raise invalid(f"{where}options", "BASE_TYPE_MAX_LENGTH", f"Must be {OPTIONS} or fewer in length.")
    names = [one.get("name") for one in options]
    if len(set(names)) != len(names):
        raise invalid(
            f"{where}options", "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", "Option names must be unique"
        )
    required = [bool(one.get("required")) for one in options]
    if required != sorted(required, reverse=True):
        raise invalid(
            f"{where}options", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
            "Required options must be placed before non-required options",
        )  # fmt: skip
    for number, one in enumerate(options):
        check_length(f"{where}options.{number}.name", one.get("name"), 1, 32)
        check_length(f"{where}options.{number}.description", one.get("description"), 1, 100)
        check_options(f"{where}options.{number}.", one.get("options") or [])


def kept(call: Call, body: dict[str, Any], old: Command | None) -> Command:
    """The same name keeps its id; a change gives a new version."""
    if old and old.body == body:
        return old
    fresh = call.community.ids.next()
    one = Command(old.id if old else fresh, place(call), fresh, body)
    call.community.commands[one.id] = one
    return one


def same(call: Call, body: dict[str, Any]) -> Command | None:
    wanted = (body.get("name"), body.get("type", CHAT_INPUT))
    return next(
        (one for one in of_place(call) if (one.body["name"], one.body.get("type", 1)) == wanted), None
    )


@door("GET", EVERYWHERE, "LIST_OF_COMMAND")
@door("GET", IN_GUILD, "LIST_OF_COMMAND")
async def list_commands(call: Call) -> Any:
    return [payloads.command(call.community, one) for one in of_place(call)]


@door("PUT", EVERYWHERE, "LIST_OF_COMMAND")
@door("PUT", IN_GUILD, "LIST_OF_COMMAND")
async def put_commands(call: Call) -> Any:
    """All at once: the ones not named are gone."""
    bodies = call.body
    if not isinstance(bodies, list) or len(bodies) > COMMANDS:
        raise invalid("_schema", "LIST_TYPE_CONVERT", f"A list of at most {COMMANDS} commands.")
    for number, body in enumerate(bodies):
        check(f"{number}.", body)
    pairs = [(body, same(call, body)) for body in bodies]
    for one in of_place(call):
        del call.community.commands[one.id]
    made = [kept(call, body, old) for body, old in pairs]
    call.community.commands |= {one.id: one for one in made}
    return [payloads.command(call.community, one) for one in made]


@door("POST", EVERYWHERE, "COMMAND", status=201)
@door("POST", IN_GUILD, "COMMAND", status=201)
async def post_command(call: Call) -> Any:
    check("", call.fields)
    return payloads.command(call.community, kept(call, call.fields, same(call, call.fields)))


@door("DELETE", f"{EVERYWHERE}/{{command}}")
@door("DELETE", f"{IN_GUILD}/{{command}}")
async def delete_command(call: Call) -> None:
    if call.path["command"] not in {str(one.id) for one in of_place(call)}:
        raise unknown("application command")
    del call.community.commands[int(call.path["command"])]
