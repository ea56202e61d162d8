"""The section `tickets`: limits, categories with their forms, and the clocks of the desk."""

from __future__ import annotations

import itertools
import re
from typing import Any
from zoneinfo import available_timezones

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from botconfig.fields import SectionIn, each_once, number, text
from hazesite.fields import Flag, Strict, Text, Whole

HOURS = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d-(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)\Z")
A_YEAR_OF_MINUTES = 366 * 24 * 60


class Hours(serializers.RegexField):
    """A stretch of a day: `09:00-17:30`, at most to `24:00`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(HOURS, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        value = super().to_internal_value(data)
        start, _dash, end = value.partition("-")
        if start >= end:
            raise serializers.ValidationError(_("It ends before it begins."))
        return value


def in_order(stretches: list[str]) -> None:
    if any(later[:5] < earlier[6:] for earlier, later in itertools.pairwise(stretches)):
        raise serializers.ValidationError(_("One after the other, without overlap."))


def hours_of_a_day() -> serializers.ListField:
    return serializers.ListField(child=Hours(), default=[], max_length=10, validators=[in_order])


def a_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise serializers.ValidationError(_("There is no time zone of that name."))


class Day(serializers.DateField):
    """A date, kept as it is written: `2026-12-25`."""

    def to_internal_value(self, value: Any) -> Any:
        return super().to_internal_value(value).isoformat()

    def to_representation(self, value: Any) -> Any:
        return value


class BusinessHours(Strict):
    """When the clocks run. Without any hours they always do."""

    time_zone = text("UTC", 64, validators=[a_time_zone])
    monday = hours_of_a_day()
    tuesday = hours_of_a_day()
    wednesday = hours_of_a_day()
    thursday = hours_of_a_day()
    friday = hours_of_a_day()
    saturday = hours_of_a_day()
    sunday = hours_of_a_day()
    holidays = serializers.ListField(child=Day(), default=[], max_length=366)


def minutes() -> Whole:
    return Whole(default=None, allow_null=True, min_value=1, max_value=A_YEAR_OF_MINUTES)


class Targets(Strict):
    """Business minutes by priority; null where nothing is promised."""

    low = minutes()
    normal = minutes()
    high = minutes()
    urgent = minutes()


KINDS = ("text", "paragraph", "number", "choice", "choices", "yes_no", "date")


class Question(Strict):
    id = serializers.RegexField(r"^[a-z][a-z0-9_]{0,39}\Z")
    label = Text(max_length=100)  # type: ignore[assignment]
    kind = serializers.ChoiceField(KINDS, default="text")
    required = Flag(default=True)  # type: ignore[assignment]
    hint = text("", 200, allow_blank=True)
    choices = serializers.ListField(child=Text(max_length=100), default=[], max_length=25)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        chosen_from = attrs["kind"] in ("choice", "choices")
        if chosen_from != bool(attrs["choices"]):
            sentence = _("A question of the kinds choice and choices needs choices, no other has any.")
            raise serializers.ValidationError({"choices": [sentence]})
        each_once(attrs["choices"])
        return attrs


class Form(serializers.ListField):
    child = Question()

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=10, **options)

    def to_internal_value(self, data: Any) -> Any:
        questions = super().to_internal_value(data)
        each_once([question["id"] for question in questions])
        return [dict(question) for question in questions]


def whole(described: type[Strict]) -> dict[str, Any]:
    return {name: field.default for name, field in described().fields.items()}


class Tickets(SectionIn):
    enabled = Flag(default=True)
    max_open_per_user = number(5, 1, 100)
    auto_close_hours = number(72, 0, 8760)
    transcript_enabled = Flag(default=True)
    categories = serializers.ListField(
        child=serializers.RegexField(r"^[\w -]{1,50}$"),
        default=["support", "bug", "application"],
        min_length=1,
        max_length=25,
        validators=[each_once],
    )
    owner_may_close = Flag(default=False)
    auto_close_warning_hours = Whole(
        default=24, min_value=1, max_value=720, help_text=_("How long before closing the owner is warned.")
    )
    auto_close_unanswered = Flag(
        default=False, help_text=_("Close tickets too that wait for staff, after staff were warned.")
    )
    cooldown_seconds = Whole(
        default=0, min_value=0, max_value=86_400, help_text=_("Between two new tickets of one member.")
    )
    forms = serializers.DictField(child=Form(), default={}, help_text=_("Questions by category."))
    business_hours = BusinessHours(default=whole(BusinessHours))
    first_answer_minutes = Targets(default=whole(Targets))
    resolution_minutes = Targets(default=whole(Targets))
