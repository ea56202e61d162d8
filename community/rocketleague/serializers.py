from __future__ import annotations

from typing import Any

from rest_framework import serializers

from community.rocketleague.models import LinkedAccount, Platform, RankCheck
from hazesite.fields import Strict, Text, unfit

LONGEST_NAME = 64


class PlayerIn(Strict):
    platform = serializers.ChoiceField(Platform.choices)
    username = Text(max_length=LONGEST_NAME)

    def validate_username(self, value: str) -> str:
        """Nothing that is a step in a path."""
        name = value.strip()
        if name in (".", "..") or not name.isprintable():
            raise unfit("This is no name of a player.")
        return name


class RankOut(serializers.Serializer[Any]):
    tier = serializers.CharField(help_text="In words, as `Champion I`.")
    division = serializers.CharField(allow_null=True)
    mmr = serializers.IntegerField(allow_null=True)
    tier_number = serializers.IntegerField(help_text="0 is unranked, 22 the highest.")


class PlayerOut(serializers.Serializer[Any]):
    username = serializers.CharField()
    platform = serializers.ChoiceField(Platform.choices)
    season = serializers.IntegerField()
    ranks = serializers.DictField(child=RankOut(), help_text="By playlist: `1v1`, `2v2`, `3v3`, `4v4`.")
    cached = serializers.BooleanField(help_text="It was known before this was asked.")
    fetched_at = serializers.DateTimeField()


class LinkOut(serializers.ModelSerializer[LinkedAccount]):
    success = serializers.SerializerMethodField()

    class Meta:
        model = LinkedAccount
        fields = ["success", "platform", "username", "ranks", "season", "checked_at", "error", "linked_at"]

    def get_success(self, _row: LinkedAccount) -> bool:
        return True


class RankCheckOut(serializers.ModelSerializer[RankCheck]):
    check_id = serializers.IntegerField(source="pk")

    class Meta:
        model = RankCheck
        fields = [
            "check_id", "state", "total", "checked", "failed", "rank_ups", "error", "started_at",
            "finished_at",
        ]  # fmt: skip


class RankCheckStartedOut(RankCheckOut):
    success = serializers.SerializerMethodField()

    class Meta(RankCheckOut.Meta):
        fields = ["success", *RankCheckOut.Meta.fields]

    def get_success(self, _row: RankCheck) -> bool:
        return True
