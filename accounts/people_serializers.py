"""Shapes of the calls about people, their erasure and the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rest_framework import serializers

from accounts.models import Erasure, User
from accounts.roles import GRANTABLE
from accounts.serializers import UserOut
from hazesite.api import PageQuery
from hazesite.fields import AskedFlag, Strict, Text

ROLES = [role.value for role in GRANTABLE]


class PersonOut(UserOut):
    """As staff see somebody."""

    blocked = serializers.SerializerMethodField()
    erased = serializers.SerializerMethodField()
    granted_role = serializers.CharField(help_text="What an admin granted here; empty: nothing.")
    guild_role = serializers.CharField(help_text="What the Discord server gives. The higher counts.")
    last_seen = serializers.SerializerMethodField()

    class Meta(UserOut.Meta):
        fields = [*UserOut.Meta.fields, "blocked", "erased", "granted_role", "guild_role", "last_seen"]

    def get_blocked(self, user: User) -> bool:
        return not user.is_active

    def get_erased(self, user: User) -> bool:
        return user.erased_at is not None

    def get_last_seen(self, user: User) -> datetime | None:
        seen: datetime | None = self.context["last_seen"].get(user.pk)
        return seen or user.last_login


class PeopleQuery(PageQuery):
    q = Text(
        required=False, default="", allow_blank=True, max_length=150,
        help_text="A part of the name, or a whole `user_id` or Discord id.",
    )  # fmt: skip
    role = serializers.ChoiceField(choices=ROLES, required=False, default=None)
    blocked = AskedFlag(required=False, default=None)


class PeopleOut(serializers.Serializer[dict[str, Any]]):
    users = PersonOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class RoleIn(Strict):
    role = serializers.ChoiceField(choices=ROLES)


class EraseIn(Strict):
    confirm = Text(max_length=150, help_text="The person's user name, typed.")


class ErasureOut(serializers.ModelSerializer[Erasure]):
    erasure_id = serializers.CharField(source="pk")
    user_id = serializers.CharField(source="user.user_id", help_text="Another one afterwards, in some cases.")
    user_name = serializers.CharField(source="user.username")
    asked_by = serializers.SerializerMethodField()
    agreed_by = serializers.SerializerMethodField()
    counts = serializers.DictField(child=serializers.IntegerField())

    class Meta:
        model = Erasure
        fields = [
            "erasure_id", "state", "user_id", "user_name", "asked_by", "agreed_by", "counts", "asked_at",
            "started_at", "finished_at",
        ]  # fmt: skip

    def get_asked_by(self, erasure: Erasure) -> str | None:
        return erasure.asked_by.user_id if erasure.asked_by else None

    def get_agreed_by(self, erasure: Erasure) -> str | None:
        return erasure.agreed_by.user_id if erasure.agreed_by else None


class ErasuresOut(serializers.Serializer[dict[str, Any]]):
    erasures = ErasureOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class AuditQuery(PageQuery):
    actor = Text(default="", allow_blank=True, max_length=20, help_text="A `user_id`.")
    verb = Text(
        default="", allow_blank=True, max_length=60,
        help_text="`ticket.closed`, or `ticket.` for all of those.",
    )  # fmt: skip
    object_type = Text(default="", allow_blank=True, max_length=40)
    object_id = Text(default="", allow_blank=True, max_length=100, help_text="Of a person: the `user_id`.")
    since = serializers.DateTimeField(required=False, default=None, help_text="From this moment on.")
    until = serializers.DateTimeField(required=False, default=None, help_text="Before this moment.")


class AuditActorOut(serializers.Serializer[dict[str, Any]]):
    user_id = serializers.CharField()
    user_name = serializers.CharField()


class AuditObjectOut(serializers.Serializer[dict[str, Any]]):
    type = serializers.CharField()
    id = serializers.CharField()


class AuditEntryOut(serializers.Serializer[dict[str, Any]]):
    id = serializers.CharField()
    at = serializers.DateTimeField()
    actor = AuditActorOut(allow_null=True, help_text="Null: the environment, a command, the system.")
    verb = serializers.CharField()
    object = AuditObjectOut()
    before = serializers.DictField(allow_null=True)
    after = serializers.DictField(allow_null=True)
    address = serializers.CharField(allow_null=True)
    door = serializers.CharField(help_text="`api`, `admin`, `web`, `socket`, `discord`, `command`, `system`.")
    request_id = serializers.CharField()


class AuditOut(serializers.Serializer[dict[str, Any]]):
    entries = AuditEntryOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)
