"""What a person's client offers: slash commands, buttons, selects, modals."""

from __future__ import annotations

from typing import Any

from tests.servers.discord import interacting, payloads, view
from tests.servers.discord.community import Community
from tests.servers.discord.drafts import BUTTON, SELECTS, STRING_SELECT, TEXT_INPUT, each_component
from tests.servers.discord.errors import unknown
from tests.servers.discord.people import Id, Impossible, People
from tests.servers.discord.permissions import Permission, in_guild
from tests.servers.discord.state import Channel, Interaction, InteractionKind, Member, Message, Person

JSON = dict[str, Any]
SUBCOMMAND, GROUP = 1, 2
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(3, 12)
TYPES: dict[int, tuple[type, ...]] = {STRING: (str,), INTEGER: (int,), BOOLEAN: (bool,), NUMBER: (int, float)}
FOLDERS = {USER: "users", CHANNEL: "channels", ROLE: "roles", ATTACHMENT: "attachments"}
SELECTED = {5: USER, 6: ROLE, 7: MENTIONABLE, 8: CHANNEL}


class Interface:
    """Each use gives the id of its interaction; `interaction` tells what came of it."""

    def __init__(self, community: Community, people: People) -> None:
        self.community = community
        self.people = people

    def slash(self, person: Id, channel: Id, name: str, options: JSON | None = None) -> int:
        """`name` may be a subcommand: `ticket open`. Raises `Impossible` for what cannot be sent."""
        one = self.people.person(person)
        place = self.people.place(channel, one, Permission.USE_APPLICATION_COMMANDS)
        root, *path = name.split()
        command = self.command(root, one, place)
        resolved: JSON = {}
        filled = self.fill(command["options"], path, dict(options or {}), resolved)
        data: JSON = {"id": command["id"], "name": root, "type": 1, "options": filled}
        if command["guild_id"]:
            data["guild_id"] = str(command["guild_id"])
        if resolved:
            data["resolved"] = resolved
        return interacting.begin(self.community, InteractionKind.COMMAND, one, place, data).id

    def command(self, name: str, person: Person, channel: Channel) -> JSON:
        """The guild's command comes before the one of every guild."""
        named = [one for one in self.community.commands.values() if one.body["name"] == name]
        named.sort(key=lambda one: one.guild_id is None)
        if not named:
            raise Impossible(f"There is no command /{name}.")
        needs = named[0].body.get("default_member_permissions")
        if needs is not None and int(needs) & ~self.community.may(person, channel):
            raise Impossible(f"{person.name} is not offered /{name}.")
        body = named[0].body
        return {"id": str(named[0].id), "guild_id": named[0].guild_id, "options": body.get("options") or []}

    def fill(self, specs: list[JSON], path: list[str], given: JSON, resolved: JSON) -> list[JSON]:
        if path:
            inner = next(
                (one for one in specs if one["name"] == path[0] and one["type"] in (SUBCOMMAND, GROUP)), None
            )
            if inner is None:
                raise Impossible(f"There is no subcommand {path[0]}.")
            options = self.fill(inner.get("options") or [], path[1:], given, resolved)
            return [{"name": path[0], "type": inner["type"], "options": options}]
        known = {one["name"]: one for one in specs}
        missing = [name for name, one in known.items() if one.get("required") and name not in given]
        if missing or set(given) - set(known) or any(one["type"] in (SUBCOMMAND, GROUP) for one in specs):
            raise Impossible(f"The options are {list(known)}; missing: {missing}; given: {list(given)}.")
        return [self.option(known[name], value, resolved) for name, value in given.items()]

    def option(self, spec: JSON, value: Any, resolved: JSON) -> JSON:
        kind, name = spec["type"], spec["name"]
        if kind in TYPES and (
            not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != BOOLEAN)
        ):
            raise Impossible(f"{name} is not of its type: {value!r}.")
        choices = [one["value"] for one in spec.get("choices") or []]
        size = len(value) if kind == STRING else value
        least, most = ("min_length", "max_length") if kind == STRING else ("min_value", "max_value")
        if choices and value not in choices:
            raise Impossible(f"{name} is one of {choices}.")
        if kind in (STRING, INTEGER, NUMBER) and not spec.get(least, size) <= size <= spec.get(most, size):
            raise Impossible(f"{name} is outside its limits: {value!r}.")
        if kind not in TYPES:
            value = self.resolve(kind, value, resolved)
        return {"name": name, "type": kind, "value": value}

    def resolve(self, kind: int, value: Any, resolved: JSON) -> str:
        """Puts the object behind an id, or an uploaded file, where the bot looks for it; gives the id."""
        if kind == MENTIONABLE:
            kind = ROLE if int(value) in self.community.roles else USER
        if kind == ATTACHMENT:
            upload = self.people.upload(value)
            self.community.attachments[upload.id] = (self.community.guild_id, upload)
            value, found = upload.id, payloads.attachment(self.community, self.community.guild_id, upload)
        elif kind == USER:
            found = payloads.person(self.people.person(value))
            if member := self.community.members.get(int(value)):
                resolved.setdefault("members", {})[str(value)] = self.member(member)
        elif kind == ROLE:
            found = payloads.role(self.community.role(value))
        else:
            found = payloads.channel(self.community, self.community.channel(value)) | {"permissions": "0"}
        resolved.setdefault(FOLDERS[kind], {})[str(value)] = found
        return str(value)

    def member(self, one: Member) -> JSON:
        return payloads.bare_member(one) | {"permissions": str(int(in_guild(self.community, one)))}

    def component(self, person: Person, message: Id, custom_id: str) -> tuple[Channel, Message, JSON]:
        """One the person sees and can use."""
        one = self.community.hidden.get(int(message))
        if one is None:
            one = self.people.found(message)[1]
        elif one.only_for != person.id:
            raise unknown("message")
        place = self.people.place(one.channel_id, person)
        for each in each_component(one.components):
            if each.get("custom_id") == custom_id:
                if each.get("disabled"):
                    raise Impossible(f"{custom_id} is disabled.")
                return place, one, each
        raise Impossible(f"There is no {custom_id} on this message.")

    def click(self, person: Id, message: Id, custom_id: str) -> int:
        who = self.people.person(person)
        place, one, found = self.component(who, message, custom_id)
        if found["type"] != BUTTON:
            raise Impossible(f"{custom_id} is no button.")
        data = {"component_type": BUTTON, "custom_id": custom_id, "id": found["id"]}
        return interacting.begin(self.community, InteractionKind.COMPONENT, who, place, data, message=one).id

    def choose(self, person: Id, message: Id, custom_id: str, values: list[Any]) -> int:
        """`values` are options of a string select, or ids."""
        who = self.people.person(person)
        place, one, found = self.component(who, message, custom_id)
        kind = found["type"]
        offered = [each["value"] for each in found.get("options") or []]
        if kind not in SELECTS or (kind == STRING_SELECT and set(values) - set(offered)):
            raise Impossible(f"{custom_id} does not offer this.")
        if not found["min_values"] <= len(values) <= found["max_values"]:
            raise Impossible(f"{custom_id} takes {found['min_values']} to {found['max_values']} values.")
        data: JSON = {"component_type": kind, "custom_id": custom_id, "id": found["id"], "values": values}
        if kind != STRING_SELECT:
            resolved: JSON = {}
            data["values"] = [self.resolve(SELECTED[kind], value, resolved) for value in values]
            data["resolved"] = resolved
        return interacting.begin(self.community, InteractionKind.COMPONENT, who, place, data, message=one).id

    def submit(self, person: Id, interaction: Id, values: dict[str, Any]) -> int:
        """Sends the modal this interaction showed; `values` by custom id: text, or a list for a select."""
        who, before = self.people.person(person), self.found(interaction)
        if before.modal is None or before.person is not who:
            raise Impossible("No modal is open.")
        place = self.people.place(before.channel_id, who)
        names = [
            each["custom_id"] for each in each_component(before.modal["components"]) if "custom_id" in each
        ]
        if set(values) - set(names):
            raise Impossible(f"The modal asks for {names}.")
        filled = [self.filled(each, values) for each in before.modal["components"]]
        data = {"custom_id": before.modal["custom_id"], "components": filled, "resolved": {}}
        return interacting.begin(
            self.community,
            InteractionKind.MODAL_SUBMIT,
            who,
            place,
            data,
            message=before.message,
            parent=before,
        ).id

    def filled(self, part: JSON, values: dict[str, Any]) -> JSON:
        body: JSON = {"type": part["type"], "id": part["id"]}
        if part.get("components"):
            return body | {"components": [self.filled(each, values) for each in part["components"]]}
        if part.get("component"):
            return body | {"component": self.filled(part["component"], values)}
        if "custom_id" not in part:
            return body
        name = part["custom_id"]
        given: Any = values.get(name, part.get("value") or ("" if part["type"] == TEXT_INPUT else []))
        required, size = part.get("required", True), len(given)
        least = max(part.get("min_length") or part.get("min_values") or 0, 1 if required else 0)
        most = part.get("max_length") or part.get("max_values") or 4000
        if (required or size) and not least <= size <= most:
            raise Impossible(f"{name} takes {least} to {most}.")
        return body | {"custom_id": name, "value" if part["type"] == TEXT_INPUT else "values": given}

    def found(self, interaction: Id) -> Interaction:
        try:
            return self.community.interactions[int(interaction)]
        except KeyError:
            raise unknown("interaction") from None

    def interaction(self, interaction: Id) -> JSON:
        return view.interaction(self.community, self.found(interaction))
