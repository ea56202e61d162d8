"""Channels, maintenance windows, escalation policies and status pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.roles import STAFF
from monitoring.alerts import configs
from monitoring.models import NotificationChannel
from monitoring.pages.forms import Headers, Lines, ServiceForm, TextArea, TimeZone, Words, gathered, spread
from monitoring.pages.names import keys_of, names_of
from monitoring.services.channels import shown_config
from monitoring.services.escalations import MAX_STEPS


def _config_fields() -> dict[str, forms.Field]:
    secret = forms.PasswordInput(render_value=True, attrs={"autocomplete": "off"})
    return {
        "url": forms.CharField(label=_("Address"), max_length=500),
        "webhook_url": forms.CharField(label=_("Webhook address"), max_length=500),
        "method": forms.ChoiceField(label=_("Method"), choices=[(name, name) for name in configs.METHODS]),
        "headers": Headers(
            label=_("Headers"),
            kept=configs.HIDDEN,
            help_text=_("One a line, as Name: value. … is a stored one."),
        ),
        "timeout": forms.IntegerField(label=_("Seconds to wait"), min_value=1, max_value=60),
        "secret": forms.CharField(label=_("Signing secret"), widget=secret, help_text="whsec_…"),
        "smtp_server": forms.CharField(
            label=_("SMTP server"), max_length=500, help_text=_("Empty: the one of this site.")
        ),
        "smtp_port": forms.IntegerField(label=_("SMTP port"), min_value=1, max_value=65535),
        "username": forms.CharField(label=_("User name"), max_length=500),
        "password": forms.CharField(label=_("Password"), widget=secret),
        "from_email": forms.EmailField(label=_("From")),
        "to_email": forms.CharField(label=_("To"), max_length=500, help_text=_("Separated by commas.")),
        "use_tls": forms.BooleanField(label=_("Encrypted (TLS)"), initial=True),
        "roles": forms.MultipleChoiceField(
            label=_("Roles"),
            choices=[(role.value, role.label) for role in STAFF],
            widget=forms.CheckboxSelectMultiple,
            help_text=_("None: all of the staff."),
        ),
    }


class ChannelForm(ServiceForm):
    name = forms.CharField(label=_("Name"), max_length=100)
    active = forms.BooleanField(label=_("Active"), required=False, initial=True)
    default = forms.BooleanField(label=_("For monitors that name no channel"), required=False)
    remind_minutes = forms.IntegerField(
        label=_("Remind every … minutes"), required=False, help_text=_("While it is down. Empty: never.")
    )
    flap_changes = forms.IntegerField(label=_("Flapping: so many changes"), required=False)
    flap_minutes = forms.IntegerField(label=_("within so many minutes"), required=False)
    storm_alerts = forms.IntegerField(label=_("One digest from so many alerts"), required=False)
    storm_seconds = forms.IntegerField(label=_("within so many seconds"), required=False)
    summary_at = forms.TimeField(
        label=_("Daily summary at"),
        required=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
    )
    time_zone = TimeZone(label=_("Time zone"), initial="UTC", help_text="Europe/Berlin")

    def arrange(self) -> None:
        known, own = _config_fields(), {}
        for name, key in configs.KEYS[self.kind].items():
            field = known.get(name) or forms.CharField(label=name, max_length=500)
            field.required = key.required
            own[f"config_{name}"] = field
        rest = {name: field for name, field in self.fields.items() if name != "name"}
        self.fields = {"name": self.fields["name"], **own, **rest}

    def stored(self, row: Any) -> dict[str, Any]:
        plain = {name: getattr(row, name) for name in self.base_fields}
        return plain | spread(shown_config(row), "config")

    def given(self) -> dict[str, Any]:
        found = gathered(super().given(), "config")
        if self.row is None:
            return found | {"type": self.kind}
        if found["config"] == shown_config(self.row):
            del found["config"]  # as it was: there is nothing to judge
        return found


class WindowForm(ServiceForm):
    suggests = ("monitors",)
    name = forms.CharField(label=_("Name"), max_length=150, help_text=_("It stands on status pages."))
    description = TextArea(
        label=_("Description"), max_length=1000, required=False, help_text=_("It stands on status pages.")
    )
    starts_at = forms.DateTimeField(
        label=_("Begins"),
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M:%S", attrs={"type": "datetime-local"}),
    )
    duration_minutes = forms.IntegerField(label=_("Minutes"), min_value=1)
    recurrence = forms.CharField(
        label=_("Recurs"), max_length=300, required=False, help_text="FREQ=WEEKLY;BYDAY=SU"
    )
    time_zone = TimeZone(label=_("Time zone"), initial="UTC", help_text=_("By whose wall clock it recurs."))
    everything = forms.BooleanField(label=_("All monitors"), required=False)
    monitors = Lines(label=_("Monitors"), required=False, help_text=_("One a line, by name."))
    tags = Words(label=_("Tags"), required=False, help_text=_("Separated by commas."))
    active = forms.BooleanField(label=_("Active"), required=False, initial=True)

    def stored(self, row: Any) -> dict[str, Any]:
        plain = {name: getattr(row, name) for name in self.base_fields if name not in ("monitors", "tags")}
        return plain | {
            "monitors": names_of(monitor.pk for monitor in row.monitors.all()),
            "tags": [tag.name for tag in row.tags.all()],
        }

    def clean_monitors(self) -> list[int]:
        return list(keys_of(self.cleaned_data["monitors"]).values())


class PolicyForm(ServiceForm):
    """As many steps as there may be: after so many minutes without acknowledgement these channels hear."""

    name = forms.CharField(label=_("Name"), max_length=100)

    def arrange(self) -> None:
        channels = list(NotificationChannel.objects.values_list("pk", "name"))
        # Were there more than may be, they are shown and refused, and not dropped.
        stored = self.row.steps.count() if self.row is not None else 0
        self.numbers = range(max(MAX_STEPS, stored))
        for number in self.numbers:
            place = {"number": number + 1}
            self.fields[f"minutes_{number}"] = forms.IntegerField(
                label=_("Step %(number)s: after so many minutes") % place,
                required=number == 0,
                min_value=0,
                initial=None if number else 0,
                help_text=_("0 is at once.") if number == 0 else "",
            )
            self.fields[f"channels_{number}"] = forms.TypedMultipleChoiceField(
                label=_("Step %(number)s: channels") % place,
                required=number == 0,
                coerce=int,
                choices=channels,
                widget=forms.CheckboxSelectMultiple,
            )

    def stored(self, row: Any) -> dict[str, Any]:
        found: dict[str, Any] = {"name": row.name}
        for number, step in enumerate(row.steps.all()):
            found[f"minutes_{number}"] = step.after_minutes
            found[f"channels_{number}"] = [channel.pk for channel in step.channels.all()]
        return found

    def given(self) -> dict[str, Any]:
        filled = [
            (self.cleaned_data[f"minutes_{number}"], self.cleaned_data[f"channels_{number}"])
            for number in self.numbers
        ]
        steps = [
            {"after_minutes": minutes, "channels": channels}
            for minutes, channels in filled
            if minutes is not None or channels
        ]
        return {"name": self.cleaned_data["name"], "steps": steps}


class StatusPageForm(ServiceForm):
    suggests = ("monitors",)
    title = forms.CharField(label=_("Title"), max_length=150)
    slug = forms.SlugField(label=_("Address"), max_length=60, help_text="/status/…")
    description = TextArea(label=_("Description"), max_length=1000, required=False)
    is_public = forms.BooleanField(
        label=_("Public"), required=False, initial=True, help_text=_("Otherwise staff alone see it.")
    )
    monitors = Lines(
        label=_("Monitors"),
        required=False,
        help_text=_("One a line: its name, or Group | Name | What the public calls it"),
    )

    def stored(self, row: Any) -> dict[str, Any]:
        plain = {name: getattr(row, name) for name in ("title", "slug", "description", "is_public")}
        entries = list(row.entries.all())
        names = names_of(entry.monitor_id for entry in entries)
        return plain | {
            "monitors": [
                _line(entry.group, name, entry.label) for entry, name in zip(entries, names, strict=True)
            ]
        }

    def clean_monitors(self) -> list[dict[str, Any]]:
        entries = [_entry(line) for line in self.cleaned_data["monitors"]]
        keys = keys_of([name for _group, name, _label in entries])
        return [{"monitor": keys[name], "group": group, "label": label} for group, name, label in entries]


def _line(group: str, name: str, label: str) -> str:
    return " | ".join((group, name, label)) if group or label else name


def _entry(line: str) -> tuple[str, str, str]:
    parts = [part.strip() for part in line.split("|")]
    if len(parts) == 1:
        return "", parts[0], ""
    return parts[0], parts[1], parts[2] if len(parts) > 2 else ""
