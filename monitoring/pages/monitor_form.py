from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from django import forms
from django.utils.translation import gettext_lazy as _

from monitoring.kinds import COMPARISONS, RECORDS
from monitoring.models import EscalationPolicy, NotificationChannel, Severity
from monitoring.pages.forms import Headers, ServiceForm, TextArea, Words, gathered, spread
from monitoring.pages.names import keys_of, names_of
from monitoring.services.monitors import version_of
from monitoring.settings_fields import METHODS

FIRST = ("name", "description")
LAST = (
    "severity", "interval", "timeout", "retries", "retry_interval", "response_time_warning_ms",
    "response_time_critical_ms", "tags", "parent", "notification_channels", "escalation", "version",
)  # fmt: skip
WEB = (
    "url", "method", "expected_status", "headers", "body", "options_max_redirects",
    "options_certificate_days", "options_ignore_certificate", "uses_monitoring_token",
)  # fmt: skip
OWN: dict[str, tuple[str, ...]] = {
    "http": (*WEB, "expected_text"),
    "keyword": ("url", "expected_text", "options_invert", *WEB[1:]),
    "json": ("url", "options_path", "options_comparison", "options_expected", *WEB[1:]),
    "ping": ("host",),
    "port": ("host", "port"),
    "dns": ("host", "options_record", "options_server", "options_text"),
    "tls": ("host", "port", "options_certificate_days"),
    "push": ("options_grace",),
    "socketio": ("url",),
    "discord_bot": (),
}
"""A type of somebody else's package has the fields that all may need."""
OTHERS = ("url", "host", "port", "expected_text")
NUMBERS = ("interval", "timeout", "retry_interval", "expected_status")


def _choices(names: Sequence[str]) -> list[tuple[str, str]]:
    return [("", "–"), *((name, name) for name in names)]  # noqa: RUF001


class Typed(str):
    """What stood in the field, and is shown again as it was."""

    __slots__ = ()


class JsonOrText(forms.CharField):
    """`5`, `true` and `"text"` as JSON has them; whatever else is a text."""

    def bound_data(self, data: Any, initial: Any) -> Any:
        return Typed(data) if isinstance(data, str) else data

    def prepare_value(self, value: Any) -> Any:
        if value is None or isinstance(value, Typed):
            return value
        is_plain = isinstance(value, str) and value and _parsed(value) == value
        return value if is_plain else orjson.dumps(value).decode()

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return _parsed(text) if text else text


def _parsed(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


class MonitorForm(ServiceForm):
    suggests = ("parent",)
    name = forms.CharField(label=_("Name"), max_length=150)
    description = forms.CharField(label=_("Description"), max_length=500, required=False)
    url = forms.CharField(label=_("Address"), max_length=2000, help_text="https://example.org/health")
    host = forms.CharField(label=_("Host"), max_length=255)
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65535, required=False)
    method = forms.ChoiceField(label=_("Method"), choices=[(name, name) for name in METHODS])
    expected_status = forms.CharField(
        label=_("Expected status codes"), required=False, help_text="200-299,401"
    )
    expected_text = forms.CharField(label=_("Expected text"), max_length=1000, required=False)
    headers = Headers(
        label=_("Headers"),
        required=False,
        kept=None,
        help_text=_("One a line, as Name: value. … is a stored one."),
    )
    body = TextArea(label=_("Body"), required=False, strip=False)
    options_max_redirects = forms.IntegerField(
        label=_("Redirects that are followed"), required=False, min_value=0, max_value=10
    )
    options_certificate_days = forms.IntegerField(
        label=_("Days the certificate must be valid"), required=False, min_value=1, max_value=365
    )
    options_ignore_certificate = forms.BooleanField(label=_("Accept any certificate"), required=False)
    options_invert = forms.BooleanField(label=_("Up while the text is not there"), required=False)
    options_path = forms.CharField(
        label=_("Path in the answer"), max_length=500, help_text="checks.memory.status"
    )
    options_comparison = forms.ChoiceField(
        label=_("Comparison"), choices=_choices(COMPARISONS), required=False
    )
    options_expected = JsonOrText(label=_("Expected value"), required=False)
    options_record = forms.ChoiceField(label=_("Record"), choices=_choices(RECORDS), required=False)
    options_server = forms.CharField(label=_("Name server"), max_length=255, required=False)
    options_text = forms.CharField(label=_("Expected value"), max_length=500, required=False)
    options_grace = forms.IntegerField(
        label=_("Seconds a call may be late"), required=False, min_value=0, max_value=86_400
    )
    uses_monitoring_token = forms.BooleanField(
        label=_("Send this site's monitoring token"), required=False, help_text=_("Only to this site itself.")
    )
    severity = forms.ChoiceField(label=_("Severity"), choices=Severity.choices, initial=Severity.WARNING)
    interval = forms.IntegerField(
        label=_("Seconds between checks"), required=False, min_value=1, max_value=3600
    )
    timeout = forms.FloatField(label=_("Seconds for one check"), required=False, min_value=5, max_value=120)
    retries = forms.IntegerField(
        label=_("Failing attempts until down"),
        required=False,
        min_value=1,
        max_value=10,
        help_text=_("Empty: 1 when critical, else 2."),
    )
    retry_interval = forms.IntegerField(
        label=_("Seconds until the next attempt"), required=False, min_value=1, max_value=3600
    )
    response_time_warning_ms = forms.IntegerField(
        label=_("Slow from (ms)"), required=False, min_value=1, initial=500, help_text=_("Empty: never.")
    )
    response_time_critical_ms = forms.IntegerField(
        label=_("Critically slow from (ms)"),
        required=False,
        min_value=1,
        initial=1000,
        help_text=_("Empty: never."),
    )
    tags = Words(label=_("Tags"), required=False, help_text=_("Separated by commas."))
    parent = forms.CharField(
        label=_("Depends on"),
        required=False,
        widget=forms.TextInput(attrs={"list": "suggested", "autocomplete": "off"}),
        help_text=_("A monitor. While it is down this one alerts nobody."),
    )
    notification_channels = forms.TypedMultipleChoiceField(
        label=_("Channels"),
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None: all that are marked as default."),
    )
    escalation = forms.TypedChoiceField(label=_("Escalation"), required=False, coerce=int, empty_value=None)
    version = forms.CharField(required=False, widget=forms.HiddenInput)

    def arrange(self) -> None:
        wanted = (*FIRST, *OWN.get(self.kind, OTHERS), *LAST)
        self.fields = {name: self.fields[name] for name in wanted}
        if self.kind not in OWN:
            for name in OTHERS:
                self.fields[name].required = False
        if self.kind == "keyword":
            self.fields["expected_text"].required = True
        channels = list(NotificationChannel.objects.values_list("pk", "name"))
        self.fields["notification_channels"].choices = channels  # type: ignore[attr-defined]
        policies = list(EscalationPolicy.objects.values_list("pk", "name"))
        self.fields["escalation"].choices = [("", "–"), *policies]  # type: ignore[attr-defined]  # noqa: RUF001

    def stored(self, row: Any) -> dict[str, Any]:
        plain = {name: getattr(row, name) for name in self.base_fields if hasattr(row, name)}
        options = dict(row.options)
        if row.type == "dns" and "expected" in options:
            options["text"] = options.pop("expected")
        if options.get("expected", "") is None:
            options["expected"] = Typed("null")
        return plain | {
            **spread(options, "options"),
            "tags": [tag.name for tag in row.tags.all()],
            "parent": "".join(names_of([row.parent_id])) if row.parent_id else "",
            "notification_channels": [channel.pk for channel in row.notification_channels.all()],
            "escalation": row.escalation_id,
            "version": version_of(row),
        }

    def clean_parent(self) -> int | None:
        name = self.cleaned_data["parent"]
        return keys_of([name])[name] if name else None

    def given(self) -> dict[str, Any]:
        found = {name: value for name, value in super().given().items() if name != "version"}
        found = gathered(found, "options")
        found["options"] = self._not_shown() | self._options(found["options"])
        found = {
            name: value for name, value in found.items() if name not in NUMBERS or value not in (None, "")
        }
        return found if self.row is not None else found | {"type": self.kind}

    def _options(self, filled: dict[str, Any]) -> dict[str, Any]:
        """As the type calls them."""
        found = {
            name: value for name, value in filled.items() if value is not False or not self._is_tick(name)
        }
        if "text" in found:
            found["expected"] = found.pop("text")
        if self.kind == "json" and self["options_expected"].data:
            found["expected"] = self.cleaned_data["options_expected"]  # null and "" are values
        return found

    def _is_tick(self, name: str) -> bool:
        """What is not ticked is as good as not set; a `false` that was typed is a value."""
        return isinstance(self.fields.get(f"options_{name}"), forms.BooleanField)

    def _not_shown(self) -> dict[str, Any]:
        """Stored options that this form has no field for: they stay."""
        stored = {} if self.row is None else self.row.options
        shown = {"expected"} if self.kind == "dns" else set()
        return {
            name: value
            for name, value in stored.items()
            if name not in shown and f"options_{name}" not in self.fields
        }

    @property
    def seen_version(self) -> str | None:
        return self.cleaned_data["version"] or None
