from __future__ import annotations

import re
from typing import Any

from rest_framework import serializers

from accounts.roles import GRANTABLE
from analytics.answers.features import MAX_STEPS, MIN_STEPS
from analytics.answers.window import MAX_DAYS
from analytics.collecting.cleaning import PLATFORMS
from analytics.exporting import DATASETS, FORMATS
from analytics.features import FEATURES
from analytics.keeping import CONFIRM
from hazesite.api import PageQuery
from hazesite.fields import Asked, AskedDay, Flag, Shaped, Strict, Text

Any_ = dict[str, Any]


class WindowQuery(serializers.Serializer[Any_]):
    """`?days=` (30 where nothing is said) or `?from=&to=`, and whom: all where nothing is said."""

    days = Asked(min_value=1, max_value=MAX_DAYS, required=False)
    to = AskedDay(required=False, help_text="The last day; today where it is missing.")
    platform = serializers.ChoiceField(choices=[*PLATFORMS, "Other", "Unknown"], required=False)
    version = Shaped(r"^[0-9A-Za-z_.+-]{1,20}\Z", required=False, help_text="Such as 2.4.1.")
    role = serializers.ChoiceField(choices=[role.value for role in GRANTABLE], required=False)

    def get_fields(self) -> dict[str, Any]:
        # `from` is a word of Python.
        return {
            "from": AskedDay(required=False, help_text="The first day."),
            **super().get_fields(),
        }


NAMES = "|".join(re.escape(name) for name in FEATURES)
STEPS = rf"^({NAMES})(,({NAMES})){{{MIN_STEPS - 1},{MAX_STEPS - 1}}}\Z"
ASKED = f"{MIN_STEPS} to {MAX_STEPS} features in their order, with commas between them"


class FunnelQuery(WindowQuery):
    steps = Shaped(
        STEPS, help_text=f"{ASKED}.", error_messages={"invalid": f"{ASKED}, of: {', '.join(FEATURES)}."}
    )


class RetentionQuery(WindowQuery):
    by = serializers.ChoiceField(
        choices=["day", "week", "month"], default="week", help_text="A month has 30 days."
    )


class ExportQuery(WindowQuery):
    dataset = serializers.ChoiceField(choices=list(DATASETS), default="days")
    format = serializers.ChoiceField(choices=list(FORMATS), default="csv")


class StatsQuery(serializers.Serializer[Any_]):
    days = serializers.ChoiceField(
        choices=[7, 30, 90], required=False, help_text="Without it: all that is kept."
    )


class InactiveQuery(PageQuery):
    days = Asked(min_value=1, max_value=365, default=30)


class ResetIn(Strict):
    confirm = Text(max_length=40, help_text=f"`{CONFIRM}`")


class ChoiceIn(Strict):
    collect = Flag()


# --- what comes out ----------------------------------------------------------
class ChoiceOut(serializers.Serializer[Any_]):
    collect = serializers.BooleanField(help_text="Whether the use of the app by this person is counted.")


class ResetOut(serializers.Serializer[Any_]):
    success = serializers.BooleanField()
    uses = serializers.IntegerField(help_text="How many uses are forgotten.")


class StatsOut(serializers.Serializer[Any_]):
    total_users = serializers.IntegerField(help_text="People with an account.")
    active_users_7d = serializers.IntegerField()
    total_sessions = serializers.IntegerField()
    avg_session_duration = serializers.IntegerField(help_text="Seconds.")
    total_actions = serializers.IntegerField(help_text="Uses of features.")
    as_of = serializers.DateTimeField(allow_null=True, help_text="When it was last added up.")


class ActiveSessionOut(serializers.Serializer[Any]):
    session_id = serializers.CharField()
    user_id = serializers.CharField(source="user.user_id")
    platform = serializers.CharField()
    last_activity = serializers.DateTimeField(source="last_at")
    duration = serializers.SerializerMethodField(help_text="Seconds so far.")

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {"session_id": serializers.SerializerMethodField()}

    def get_session_id(self, session: Any) -> str:
        return f"sess_{session.pk}"

    def get_duration(self, session: Any) -> int:
        return int((session.last_at - session.started_at).total_seconds())


class ActiveSessionsOut(serializers.Serializer[Any_]):
    sessions = ActiveSessionOut(many=True)


class LiveFiguresOut(serializers.Serializer[Any_]):
    online = serializers.IntegerField(help_text="People seen within five minutes.")
    platforms = serializers.DictField(child=serializers.IntegerField())


class MetricsOut(serializers.Serializer[Any_]):
    metrics = serializers.DictField(
        help_text="`users`, `sessions`, `durations`, `actions`, `features`, `platforms`, `versions`, "
        "`errors`, `tickets`, and the days they are of: `from`, `to`, `as_of`."
    )


class RowsOut(serializers.Serializer[Any_]):
    """Of which days, and what was found."""

    to = serializers.DateField()

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.DateField(), **super().get_fields()}


class CohortOut(RowsOut):
    size = serializers.IntegerField(help_text="Whose first time it was.")
    returned = serializers.ListField(
        child=serializers.IntegerField(), help_text="In this stretch and each later one."
    )
    shares = serializers.ListField(child=serializers.FloatField(allow_null=True))


class RetentionOut(RowsOut):
    step_days = serializers.IntegerField()
    cohorts = CohortOut(many=True)


class StepOut(serializers.Serializer[Any_]):
    feature = serializers.CharField()
    users = serializers.IntegerField()
    of_first = serializers.FloatField(allow_null=True)
    of_previous = serializers.FloatField(allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {"label": serializers.CharField()}


class FunnelOut(RowsOut):
    steps = StepOut(many=True)


class FeatureOut(serializers.Serializer[Any_]):
    feature = serializers.CharField()
    uses = serializers.IntegerField()
    failures = serializers.IntegerField()
    users = serializers.IntegerField()
    adoption = serializers.FloatField(allow_null=True, help_text="Of all who were there.")

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {"label": serializers.CharField()}


class FeaturesOut(RowsOut):
    features = FeatureOut(many=True)


class OneFeatureOut(RowsOut):
    feature = serializers.CharField()
    users = serializers.IntegerField()
    uses = serializers.IntegerField()
    per_day = serializers.ListField(child=serializers.DictField())

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {"label": serializers.CharField()}


class ComparisonOut(RowsOut):
    before_from = serializers.DateField()
    before_to = serializers.DateField()
    features = serializers.ListField(child=serializers.DictField())


class ErrorsOut(RowsOut):
    total = serializers.IntegerField()
    total_before = serializers.IntegerField(help_text="In the days just before, as many.")
    per_day = serializers.ListField(child=serializers.DictField())
    bugs = serializers.ListField(child=serializers.DictField())


class StaffOut(RowsOut):
    staff = serializers.ListField(
        child=serializers.DictField(), help_text="Times in seconds of business hours."
    )


class InactiveOut(serializers.Serializer[Any_]):
    total = serializers.IntegerField(help_text="Counted to 1000 and no further.")
    users = serializers.ListField(child=serializers.DictField())
    next_cursor = serializers.CharField(allow_null=True)
