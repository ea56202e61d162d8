from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers

from accounts import tokens
from accounts.models import Session, User
from hazesite.fields import Text


class LoginIn(serializers.Serializer[dict[str, Any]]):
    username = Text(max_length=150)
    password = Text(max_length=1024)


class MonitoringTokenIn(serializers.Serializer[dict[str, Any]]):
    secret = Text(max_length=1024, required=False, default="", allow_blank=True)


class UserOut(serializers.ModelSerializer[User]):
    discord_id = serializers.SerializerMethodField()
    avatar = serializers.SerializerMethodField()
    role = serializers.CharField()
    permissions = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = User
        fields = [
            "user_id", "username", "discriminator", "avatar", "role", "permissions", "discord_id",
            "created_at",
        ]  # fmt: skip

    def get_avatar(self, user: User) -> str | None:
        return user.avatar or None

    def get_discord_id(self, user: User) -> str | None:
        return str(user.discord_id) if user.discord_id else None


class TokenOut(serializers.Serializer[Session]):
    """What signing in and refreshing answer."""

    token = serializers.SerializerMethodField()
    user = serializers.CharField(source="user.username")
    user_id = serializers.CharField(source="user.user_id")
    role = serializers.CharField(source="user.role")
    discord_id = serializers.SerializerMethodField()
    permissions = serializers.ListField(child=serializers.CharField(), source="user.permissions")
    session_id = serializers.CharField(source="key")
    expires_at = serializers.SerializerMethodField()

    def get_token(self, session: Session) -> str:
        return tokens.issue(session)

    def get_discord_id(self, session: Session) -> str:
        return str(session.user.discord_id or tokens.NO_DISCORD)

    def get_expires_at(self, session: Session) -> datetime:
        return datetime.fromtimestamp(tokens.expires_at(session), UTC)


class VerifiedOut(serializers.Serializer[Session]):
    valid = serializers.BooleanField(default=True)
    user = serializers.CharField(source="user.username")
    user_id = serializers.CharField(source="user.user_id")
    role = serializers.CharField(source="user.role")
    permissions = serializers.ListField(child=serializers.CharField(), source="user.permissions")


class SessionOut(serializers.ModelSerializer[Session]):
    session_id = serializers.CharField(source="key")
    current = serializers.SerializerMethodField()

    class Meta:
        model = Session
        fields = [
            "session_id", "current", "platform", "app_version", "device", "address", "created_at",
            "last_seen_at",
        ]  # fmt: skip

    def get_current(self, session: Session) -> bool:
        return bool(session.pk == self.context["current"])


class SessionsOut(serializers.Serializer[dict[str, Any]]):
    sessions = SessionOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class MonitoringTokenOut(serializers.Serializer[dict[str, Any]]):
    token = serializers.CharField()
    expires = serializers.DateField()


class DoneOut(serializers.Serializer[dict[str, Any]]):
    success = serializers.BooleanField()
    message = serializers.CharField()
