"""The form of a section for the admin, made from its description. What it takes is checked by the service."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from unfold import widgets

from botconfig.description import type_of
from botconfig.fields import Snowflake, Wanted
from botconfig.models import GuildChannel, GuildRole
from botconfig.sections import VARIABLES, fields_of, from_environment
from hazesite.api import flat_errors
from hazesite.errors import Refused

LONG = 300
NOTHING = "\N{EN DASH}"
SEPARATOR = "\n---\n"
Choices = list[tuple[str, str]]


class SectionForm(forms.Form):
    """`changes()` has the fields that differ from what is in force, in the shape of the API."""

    section: str
    in_force: dict[str, Any]
    version = forms.IntegerField(widget=forms.HiddenInput)

    def changes(self) -> dict[str, Any]:
        given = {name: self.cleaned_data[name] for name in fields_of(self.section)}
        return {name: value for name, value in given.items() if value != self._untouched(name, value)}

    def _untouched(self, name: str, value: Any) -> Any:
        """What the field gives when nobody changed it."""
        field = self.fields[name]
        try:
            found = field.clean(field.prepare_value(self.in_force[name]))
        except forms.ValidationError:
            return self.in_force[name]
        same = isinstance(field, forms.MultipleChoiceField) and sorted(found) == sorted(value)
        return value if same else found

    def say(self, error: ValidationError | Refused) -> None:
        """Show a refusal at the field that it is about."""
        if isinstance(error, ValidationError):
            found: Any = flat_errors(error.detail)
        else:
            about = str(error.details.get("field", ""))
            found = error.details.get("fields") or {about: [str(error)]}
        for place, sentences in found.items():
            name, _dot, inner = place.partition(".")
            for sentence in sentences:
                known = name in self.fields
                self.add_error(name if known else None, f"{inner}: {sentence}" if inner else sentence)


class Texts(forms.CharField):
    """A list of texts: one a line, or with a line of dashes between them where they are long."""

    def __init__(self, *, longest: int, **options: Any) -> None:
        self.between = SEPARATOR if longest > LONG else "\n"
        super().__init__(strip=False, widget=widgets.UnfoldAdminTextareaWidget(attrs={"rows": 5}), **options)

    def prepare_value(self, value: Any) -> Any:
        return self.between.join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        parts = str(value or "").replace("\r\n", "\n").split(self.between)
        return [part.strip() for part in parts if part.strip()]

    def validate(self, value: Any) -> None:
        """That is the service's."""

    def run_validators(self, value: Any) -> None:
        """Likewise."""


class Whole(forms.CharField):
    """A text as it is, but for the line ends of a browser."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class Pretty(json.JSONEncoder):
    def __init__(self, **options: Any) -> None:
        super().__init__(**(options | {"indent": 2, "ensure_ascii": False}))


def form_of(name: str, values: dict[str, Any]) -> type[SectionForm]:
    """The form of a section whose `values` are in force."""
    guild = _Guild()
    fixed, variables = from_environment(name), VARIABLES.get(name, {})
    fields: dict[str, Any] = {}
    for field, described in fields_of(name).items():
        made = _field(described, values[field], guild)
        made.label, made.initial = field, values[field]
        made.help_text = str(described.help_text)
        if field in fixed:
            made.disabled = True
            made.help_text += " " + _("Set by %(variable)s in the environment.") % {
                "variable": variables[field]
            }
        fields[field] = made
    return type("Form", (SectionForm,), {**fields, "section": name, "in_force": values})


class _Guild:
    """What there is to choose from; nothing where no bot has ever told."""

    def choices(self, wanted: Wanted) -> Choices:
        if wanted.what == "role":
            roles = GuildRole.objects.exclude(id=settings.DISCORD_GUILD_ID or 0)
            return [(str(role.id), f"@{role.name}") for role in roles]
        channels = GuildChannel.objects.filter(kind__in=wanted.kinds)
        return [(str(channel.id), f"#{channel.name}") for channel in channels]


def _field(described: Any, value: Any, guild: _Guild) -> Any:
    if isinstance(described, Snowflake):
        return _choice(guild.choices(described.wanted), value)
    made = _list(described.child, value, guild) if isinstance(described, serializers.ListField) else None
    return made or PLAIN.get(type_of(described), _json)(described)


def _list(child: Any, value: Any, guild: _Guild) -> Any:
    """None for lists of something that takes more than one field."""
    if isinstance(child, Snowflake):
        return _several(guild.choices(child.wanted), value)
    if isinstance(child, serializers.ChoiceField):
        return _several([(str(one), str(one)) for one in child.choices], value)
    return Texts(longest=child.max_length or 0, required=False) if type_of(child) == "string" else None


def _choice(choices: Choices, value: str | None) -> Any:
    if not choices:
        return _Empty(widget=widgets.UnfoldAdminTextInputWidget, required=False)
    return forms.TypedChoiceField(
        choices=[("", NOTHING), *_with_unknown(choices, [value] if value else [])],
        empty_value=None,
        required=False,
        widget=widgets.UnfoldAdminSelectWidget,
    )


class _Empty(forms.CharField):
    """Nothing is null."""

    def clean(self, value: Any) -> Any:
        return super().clean(value) or None


def _several(choices: Choices, values: list[str]) -> Any:
    if not choices:
        return Texts(longest=0, required=False)
    return forms.MultipleChoiceField(
        choices=_with_unknown(choices, values),
        required=False,
        widget=widgets.UnfoldAdminCheckboxSelectMultipleWidget,
    )


def _with_unknown(choices: Choices, values: list[str]) -> Choices:
    """What is set stays to be seen, also when it is not in the server."""
    known = {value for value, _label in choices}
    return [
        *choices,
        *((one, _("%(id)s (not in the server)") % {"id": one}) for one in values if one not in known),
    ]


def _text(described: Any) -> forms.Field:
    longest = described.max_length or 0
    widget = widgets.UnfoldAdminTextareaWidget if longest > LONG else widgets.UnfoldAdminTextInputWidget
    return Whole(max_length=longest or None, required=not described.allow_blank, strip=False, widget=widget)


def _whole(described: Any) -> forms.Field:
    return forms.IntegerField(
        min_value=described.min_value,
        max_value=described.max_value,
        required=not described.allow_null,
        widget=widgets.UnfoldAdminIntegerFieldWidget,
    )


def _number(described: Any) -> forms.Field:
    return forms.FloatField(
        min_value=described.min_value,
        max_value=described.max_value,
        widget=widgets.UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}),
    )


def _flag(_described: Any) -> forms.Field:
    return forms.BooleanField(required=False, widget=widgets.UnfoldBooleanSwitchWidget)


class _Json(forms.JSONField):
    empty_values = [None, ""]


def _json(_described: Any) -> forms.Field:
    return _Json(encoder=Pretty, widget=widgets.UnfoldAdminTextareaWidget(attrs={"rows": 12}))


PLAIN: dict[str, Callable[[Any], forms.Field]] = {
    "boolean": _flag,
    "integer": _whole,
    "number": _number,
    "string": _text,
}
