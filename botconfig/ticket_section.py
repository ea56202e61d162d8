"""The section `tickets`: limits, categories with their forms, and the clocks of the desk."""

from __future__ import annotations

import itertools
import re
from typing import Any
from zoneinfo import available_timezones

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from botconfig.fields import SectionIn, each_once, flag, number, text
from hazesite.fields import Shaped, Strict, Text, Whole, unfit

HOURS = re.compile(r"^(?:[01]\d|2[0-3]):[0-5]\d-(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)\Z")
A_YEAR_OF_MINUTES = 366 * 24 * 60


def ends_after_it_begins(stretch: str) -> None:
    start, _dash, end = stretch.partition("-")
    if HOURS.match(stretch) and start >= end:
        raise unfit(_("It ends before it begins."))


class Hours(Shaped):
    """A stretch of a day: `09:00-17:30`, at most to `24:00`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(HOURS, **options)
        self.validators.append(ends_after_it_begins)


def in_order(stretches: list[str]) -> None:
    if any(later[:5] < earlier[6:] for earlier, later in itertools.pairwise(stretches)):
        raise unfit(_("One after the other, without overlap."))


def hours_of_a_day() -> serializers.ListField:
    return serializers.ListField(
        child=Hours(),
        default=[],
        max_length=10,
        validators=[in_order],
        help_text="As `09:00-12:30`, one after the other; none: closed all day.",
    )


def a_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise unfit(_("There is no time zone of that name."))


class Day(serializers.DateField):
    """A date, kept as it is written: `2026-12-25`."""

    def to_internal_value(self, value: Any) -> Any:
        return super().to_internal_value(value).isoformat()

    def to_representation(self, value: Any) -> Any:
        return value


class BusinessHours(Strict):
    """When the clocks run. Without any hours they always do."""

    time_zone = text("As `Europe/Berlin`.", "UTC", 64, validators=[a_time_zone])
    monday = hours_of_a_day()
    tuesday = hours_of_a_day()
    wednesday = hours_of_a_day()
    thursday = hours_of_a_day()
    friday = hours_of_a_day()
    saturday = hours_of_a_day()
    sunday = hours_of_a_day()
    holidays = serializers.ListField(
        child=Day(), default=[], max_length=366, help_text="Days without hours, as `2026-12-25`."
    )


def minutes() -> Whole:
    return Whole(
        default=None,
        allow_null=True,
        min_value=1,
        max_value=A_YEAR_OF_MINUTES,
        help_text="Business minutes; null: nothing is promised.",
    )


class Targets(Strict):
    """Business minutes by priority; null where nothing is promised."""

    low = minutes()
    normal = minutes()
    high = minutes()
    urgent = minutes()


KINDS = ("text", "paragraph", "number", "choice", "choices", "yes_no", "date")


class Question(Strict):
    id = Shaped(r"^[a-z][a-z0-9_]{0,39}\Z", help_text="For programs: lower case, digits and underscores.")
    label = Text(max_length=100, help_text="What is asked.")  # type: ignore[assignment]
    kind = serializers.ChoiceField(KINDS, default="text", help_text="How it is answered.")
    required = flag("Whether an answer is needed.", default=True)  # type: ignore[assignment]
    hint = text("Shown below the question.", "", 200, allow_blank=True)
    choices = serializers.ListField(
        child=Text(max_length=100),
        default=[],
        max_length=25,
        help_text="For the kinds `choice` and `choices`.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        chosen_from = attrs["kind"] in ("choice", "choices")
        if chosen_from != bool(attrs["choices"]):
            sentence = _("A question of the kinds choice and choices needs choices, no other has any.")
            raise unfit(sentence, "choices")
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
    """Limits, categories with their forms, and the clocks of the desk."""

    enabled = flag("Whether tickets can be opened.", default=True)
    max_open_per_user = number("How many open tickets one member may have.", 5, 1, 100)
    auto_close_hours = number(
        "Hours without an answer of the member, after which a ticket is closed; 0: never.", 72, 0, 8760
    )
    transcript_enabled = flag(
        "Post the transcript of closed tickets in `channels.transcript_channel_id`.", default=True
    )
    categories = serializers.ListField(
        child=Shaped(r"^[\w -]{1,50}$"),
        default=["support", "bug", "application"],
        min_length=1,
        max_length=25,
        validators=[each_once],
        help_text="What a ticket can be about; the first one where nothing is chosen.",
    )
    owner_may_close = flag("Whether members may close their own tickets.")
    auto_close_warning_hours = number("How long before closing the owner is warned.", 24, 1, 720)
    auto_close_unanswered = flag("Close tickets too that wait for staff, after staff were warned.")
    cooldown_seconds = number("Between two new tickets of one member.", 0, 0, 86_400)
    forms = serializers.DictField(child=Form(), default={}, help_text="Questions by category.")
    business_hours = BusinessHours(
        default=whole(BusinessHours), help_text="When the clocks run. Without any hours they always do."
    )
    first_answer_minutes = Targets(
        default=whole(Targets), help_text="Until the first answer, by priority; null: nothing is promised."
    )
    resolution_minutes = Targets(
        default=whole(Targets), help_text="Until a ticket is closed, by priority; null: nothing is promised."
    )
    discord_private_threads = flag("Tickets are private threads in Discord, not channels.")
    discord_keep_hours = number(
        "How long a closed ticket's channel stays in Discord; 0: until somebody removes it.", 168, 0, 8760
    )
