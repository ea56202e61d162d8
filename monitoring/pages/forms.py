"""What all forms of the settings share: a service judges what they gather, and refuses at the field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext as _

from accounts.models import User
from hazesite.errors import Refused

HIDDEN = "…"
"""Stands for a secret that is stored and not shown."""
WORD = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([^,]+))')


class ServiceForm(forms.Form):
    """`row` is what is changed, None for a new one; `kind` its type where the fields depend on it."""

    row: Any
    kind: str
    template_name_label = "monitoring/form.html"
    suggests: ClassVar[tuple[str, ...]] = ()
    """Fields in which names of monitors are proposed."""

    def __init__(self, data: Any, *, actor: User, row: Any = None, kind: str = "") -> None:
        self.actor, self.row, self.kind = actor, row, kind
        super().__init__(data, initial=self.stored(row) if row is not None else {}, label_suffix="")
        self.arrange()

    def stored(self, row: Any) -> dict[str, Any]:
        """What the fields hold at first."""
        raise NotImplementedError

    def arrange(self) -> None:
        """Leave out what does not belong here."""

    def given(self) -> dict[str, Any]:
        """What the service is given."""
        return dict(self.cleaned_data)

    def refuse(self, refused: Refused) -> None:
        """Show it where it belongs; what belongs to no field stands above them."""
        for name, reasons in _by_field(refused.details, str(refused)).items():
            own = name.replace(".", "_")
            while own and own not in self.fields:
                own = own.rpartition("_")[0]
            self.add_error(own or None, [str(reason) for reason in reasons])


def _by_field(details: Mapping[str, Any], sentence: str) -> Mapping[str, list[Any]]:
    if isinstance(details.get("fields"), Mapping):
        return details["fields"]  # type: ignore[no-any-return]
    return {str(details.get("field", "")): [sentence]}


def gathered(given: dict[str, Any], group: str) -> dict[str, Any]:
    """The fields `<group>_<name>` as one object under `group`; empty ones are left out."""
    inner = {
        name.removeprefix(f"{group}_"): given.pop(name)
        for name in list(given)
        if name.startswith(f"{group}_")
    }
    return given | {group: {name: value for name, value in inner.items() if value not in (None, "", [])}}


def spread(inner: Mapping[str, Any], group: str) -> dict[str, Any]:
    return {f"{group}_{name}": value for name, value in inner.items()}


class TextArea(forms.CharField):
    """Lines end as everywhere else, not as browsers send them."""

    widget = forms.Textarea(attrs={"rows": 4, "dir": "auto"})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return text.replace("\r\n", "\n") if isinstance(text, str) else text


class TimeZone(forms.CharField):
    def clean(self, value: Any) -> Any:
        name = super().clean(value)
        if name not in available_timezones():
            raise forms.ValidationError(_("There is no such time zone."))
        return name


class Words(forms.CharField):
    """A list, separated by commas; a word that has one itself stands in quotes."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(_quoted(word) for word in value) if isinstance(value, (list, tuple)) else value

    def to_python(self, value: Any) -> Any:
        found = WORD.findall(super().to_python(value) or "")
        words = [quoted.replace('""', '"') if quoted else plain for quoted, plain in found]
        return [word.strip() for word in words if word.strip()]


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"' if "," in word or word.startswith('"') else word


class Lines(TextArea):
    """A list, one a line."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, (list, tuple)) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in (super().to_python(value) or "").splitlines() if line.strip()]


class Headers(TextArea):
    """`Name: value`, one a line. Stored values are shown as `…`, and stay where that is given back.

    `kept` is what the service takes for such a one.
    """

    def __init__(self, *, kept: Any, **options: Any) -> None:
        self.kept = kept
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"{name}: {HIDDEN}" for name in value) if isinstance(value, Mapping) else value

    def to_python(self, value: Any) -> Any:
        found: dict[str, Any] = {}
        for line in (super().to_python(value) or "").splitlines():
            name, colon, content = line.partition(":")
            if line.strip() and not colon:
                raise forms.ValidationError(_("One header a line, as Name: value"))
            if line.strip():
                found[name.strip()] = self.kept if content.strip() == HIDDEN else content.strip()
        return found
