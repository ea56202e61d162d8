from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from hazesite.admin_site import PageAdmin, ReadOnly
from hazesite.dashboard import Group
from notifications.errors import NoSuchChannel
from notifications.models import Broadcast, Device, MailAddress, Notification
from notifications.services.broadcasts import announce, text_channels


class BroadcastForm(forms.ModelForm[Broadcast]):
    def clean_channel_id(self) -> int | None:
        channel_id: int | None = self.cleaned_data["channel_id"]
        if channel_id is not None and not text_channels().filter(id=channel_id).exists():
            raise ValidationError(str(NoSuchChannel.message))
        return channel_id


@admin.register(Broadcast)
class BroadcastAdmin(PageAdmin[Broadcast]):
    """Made here once, and never changed: it is on people's screens."""

    group, icon, title = Group.SITE, "campaign", _("Announcements")
    list_display = ["created_at", "title", "priority", "author", "recipients", "told", "done_at"]
    list_filter = ["priority", "created_at"]
    list_select_related = ["author"]
    search_fields = ["title"]
    form = BroadcastForm
    fields = ["title", "message", "priority", "channel_id"]

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Broadcast, form: Any, change: bool) -> None:
        words = form.cleaned_data
        made = announce(
            cast(User, request.user),
            words["title"],
            words["message"],
            words["priority"],
            channel_id=words["channel_id"],
        )
        obj.pk, obj.recipients = made.pk, made.recipients


@admin.register(Device)
class DeviceAdmin(ReadOnly, PageAdmin[Device]):
    group, icon, title = Group.SITE, "devices", _("Devices")
    list_display = ["user", "platform", "kind", "info", "last_seen_at", "created_at"]
    list_filter = ["platform", "kind"]
    list_select_related = ["user"]
    search_fields = ["user__username", "info"]
    exclude = ["address", "digest"]


@admin.register(Notification)
class NotificationAdmin(ReadOnly, PageAdmin[Notification]):
    group, icon, title = Group.SITE, "notifications", _("Notifications")
    list_display = ["created_at", "user", "kind", "ticket", "read_at"]
    list_filter = ["kind", "created_at"]
    list_select_related = ["user", "ticket"]
    search_fields = ["user__username", "=thing"]
    exclude = ["event"]


@admin.register(MailAddress)
class MailAddressAdmin(ReadOnly, PageAdmin[MailAddress]):
    group, icon, title = Group.SITE, "mail", _("Mail addresses")
    list_display = ["user", "address", "confirmed_at", "refusals", "trouble"]
    list_filter = ["confirmed_at"]
    list_select_related = ["user"]
    search_fields = ["user__username", "address"]
