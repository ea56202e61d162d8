"""What someone wants to post, and the limits Discord sets to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.servers.discord.errors import ApiError, check_length, invalid
from tests.servers.discord.state import Attachment

JSON = dict[str, Any]
SUPPRESS_EMBEDS, EPHEMERAL, LOADING, COMPONENTS_V2 = 1 << 2, 1 << 6, 1 << 7, 1 << 15
CONTENT, NONCE = 2000, 25
EMBEDS, EMBED_TEXT, FIELDS = 10, 6000, 25
ROWS, BUTTONS, OPTIONS, COMPONENTS = 5, 5, 25, 40
ATTACHMENTS = 10
BUTTON, STRING_SELECT, TEXT_INPUT = 2, 3, 4
SELECTS = {3, 5, 6, 7, 8}


@dataclass
class Draft:
    content: str = ""
    embeds: list[JSON] = field(default_factory=list)
    components: list[JSON] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: int = 0
    allowed: JSON | None = None
    """`allowed_mentions` as sent; None lets every mention through."""
    reference: JSON | None = None
    nonce: str | None = None
    enforce_nonce: bool = False

    def checked(self) -> Draft:
        """The draft as Discord keeps it. Raises `ApiError` where it breaks a limit."""
        check_length("content", self.content, 0, CONTENT)
        self.content = self.content.strip()
        if self.nonce is not None:
            check_length("nonce", self.nonce, 0, NONCE)
        if len(self.attachments) > ATTACHMENTS:
            raise invalid("attachments", "BASE_TYPE_MAX_LENGTH", f"Must be {ATTACHMENTS} or fewer in length.")
        check_allowed_mentions(self.allowed)
        self.embeds = embeds(self.embeds)
        self.components = components(self.components, v2=bool(self.flags & COMPONENTS_V2))
        if self.flags & COMPONENTS_V2 and (self.content or self.embeds):
            raise invalid(
                "flags", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "No content with these."
            )
        if not (self.content or self.embeds or self.components or self.attachments):
            raise ApiError(400, 50006, "Cannot send an empty message")
        return self


def embeds(given: list[JSON]) -> list[JSON]:
    if len(given) > EMBEDS:
        raise invalid("embeds", "BASE_TYPE_MAX_LENGTH", f"Must be {EMBEDS} or fewer in length.")
    for number, one in enumerate(given):
        check_embed(f"embeds.{number}", one)
    if sum(text_length(one) for one in given) > EMBED_TEXT:
        raise invalid("embeds", "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {EMBED_TEXT}")
    return [kept_embed(one) for one in given]


def check_embed(where: str, one: JSON) -> None:
    if not isinstance(one, dict):
        raise invalid(where, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType.")
    fields = one.get("fields") or []
    if len(fields) > FIELDS:
        raise invalid(f"{where}.fields", "BASE_TYPE_MAX_LENGTH", f"Must be {FIELDS} or fewer in length.")
    for name, most in (("title", 256), ("description", 4096)):
        if one.get(name) is not None:
            check_length(f"{where}.{name}", one[name], 0, most)
    for number, each in enumerate(fields):
        check_length(f"{where}.fields.{number}.name", each.get("name"), 1, 256)
        check_length(f"{where}.fields.{number}.value", each.get("value"), 1, 1024)
    check_length(f"{where}.footer.text", (one.get("footer") or {}).get("text", ""), 0, 2048)
    check_length(f"{where}.author.name", (one.get("author") or {}).get("name", ""), 0, 256)
    if not any(
        one.get(name) for name in ("title", "description", "fields", "footer", "author", "image", "thumbnail")
    ):
        raise invalid(where, "BASE_TYPE_REQUIRED", "This field is required")


def text_length(one: JSON) -> int:
    texts = [one.get("title"), one.get("description")]
    texts += [(one.get("footer") or {}).get("text"), (one.get("author") or {}).get("name")]
    texts += [each[part] for each in one.get("fields") or [] for part in ("name", "value")]
    return sum(len(text) for text in texts if text)


def kept_embed(one: JSON) -> JSON:
    """Discord calls every embed of a bot `rich`, and says of each field whether it is inline."""
    kept = {name: value for name, value in one.items() if value is not None} | {"type": "rich"}
    if kept.get("fields"):
        kept["fields"] = [{"inline": False} | each for each in kept["fields"]]
    return kept


def components(given: list[JSON], *, v2: bool) -> list[JSON]:
    """The components with the number Discord gives each of them."""
    if not v2 and len(given) > ROWS:
        raise invalid("components", "BASE_TYPE_BAD_LENGTH", f"Must be {ROWS} or fewer in length.")
    for number, one in enumerate(given):
        if not v2 and one.get("type") != 1:
            raise invalid(
                f"components.{number}.type", "UNION_TYPE_CHOICES", "Value of field must be one of (1,)."
            )
        check_component(f"components.{number}", one)
    every = list(each_component(given))
    if len(every) > COMPONENTS:
        raise invalid("components", "COMPONENT_MAX_TOTAL", f"Total components must be {COMPONENTS} or fewer.")
    names = [one["custom_id"] for one in every if "custom_id" in one]
    if len(names) != len(set(names)):
        raise invalid(
            "components", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated"
        )
    for number, one in enumerate(every, 1):
        one.setdefault("id", number)
    return given


def each_component(given: list[JSON]) -> Iterator[JSON]:
    for one in given:
        yield one
        yield from each_component(one.get("components") or [])
        if isinstance(one.get("accessory"), dict):
            yield from each_component([one["accessory"]])
        if isinstance(one.get("component"), dict):
            yield from each_component([one["component"]])


def check_component(where: str, one: JSON) -> None:
    inner = one.get("components") or []
    if one.get("type") == 1 and not 1 <= len(inner) <= BUTTONS:
        raise invalid(
            f"{where}.components", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {BUTTONS} in length."
        )
    for number, each in enumerate(inner):
        check_component(f"{where}.components.{number}", each)
    if one.get("type") == BUTTON:
        check_button(where, one)
    elif one.get("type") in SELECTS:
        check_select(where, one)


def check_button(where: str, one: JSON) -> None:
    check_length(f"{where}.label", one.get("label") or "", 0, 80)
    style = one.get("style")
    if style not in range(1, 7):
        raise invalid(f"{where}.style", "BASE_TYPE_CHOICES", "Value must be one of (1, 2, 3, 4, 5, 6).")
    if style == 5:
        check_length(f"{where}.url", one.get("url"), 1, 512)
    elif style in range(1, 5):
        check_length(f"{where}.custom_id", one.get("custom_id"), 1, 100)
    if style != 6 and not (one.get("label") or one.get("emoji")):
        raise invalid(where, "BUTTON_COMPONENT_MUST_HAVE_LABEL_OR_EMOJI", "A label or emoji is required")


def check_select(where: str, one: JSON) -> None:
    check_length(f"{where}.custom_id", one.get("custom_id"), 1, 100)
    check_length(f"{where}.placeholder", one.get("placeholder") or "", 0, 150)
    one.setdefault("min_values", 1)
    one.setdefault("max_values", 1)
    options = one.get("options") or []
    if one["type"] == STRING_SELECT and not 1 <= len(options) <= OPTIONS:
        raise invalid(
            f"{where}.options", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {OPTIONS} in length."
        )
    for number, each in enumerate(options):
        check_length(f"{where}.options.{number}.label", each.get("label"), 1, 100)
        check_length(f"{where}.options.{number}.value", each.get("value"), 1, 100)
        check_length(f"{where}.options.{number}.description", each.get("description") or "", 0, 100)


def check_allowed_mentions(allowed: JSON | None) -> None:
    for name in ("users", "roles"):
        if allowed and allowed.get(name) and name in (allowed.get("parse") or []):
            raise invalid(
                "allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                f"parse:[{name!r}] and {name}: [ids...] are mutually exclusive.",
            )  # fmt: skip
        if allowed and len(allowed.get(name) or []) > 100:
            raise invalid(
                f"allowed_mentions.{name}", "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length."
            )
