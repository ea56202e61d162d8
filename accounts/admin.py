from __future__ import annotations

from typing import Any

from axes.admin import AccessAttemptAdmin, AccessLogAdmin
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group as DjangoGroup
from django.contrib.auth.password_validation import validate_password
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget

from accounts import access, erasing, services
from accounts.discord_login import pages
from accounts.models import Erasure, Session, User
from hazesite.admin_site import OTHER_SIGN_INS, PageAdmin, ReadOnly, attempt, for_each
from hazesite.dashboard import Group

admin.site.unregister(DjangoGroup)  # rights follow from the role
OTHER_SIGN_INS.append(pages.link)


def _actor(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the admin site lets staff in alone
    return request.user


class UserForm(forms.ModelForm[User]):
    new_password = forms.CharField(
        label=_("New password"),
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("Leave empty to keep the old one. A new one ends every sign-in of this person."),
    )

    class Meta:
        model = User
        fields = ["username", "granted_role", "is_active"]

    def clean_new_password(self) -> str:
        password: str = self.cleaned_data["new_password"]
        if password:
            validate_password(password, self.instance)
        elif self.instance.pk is None:
            raise forms.ValidationError(_("A new account needs a password."))
        return password


@admin.register(User)
class UserAdmin(PageAdmin[User]):
    group, icon = Group.PEOPLE, "group"
    form = UserForm
    list_display = ["username", "role", "user_id", "discord_id", "is_active", "created_at"]
    list_filter = ["granted_role", "guild_role", "is_active"]
    search_fields = ["username", "=user_id", "=discord_id"]
    readonly_fields = ["user_id", "discord_id", "guild_role", "created_at", "last_login"]
    actions = ["end_sessions", "block", "unblock"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).filter(is_service=False)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        fields = [str(field) for field in self.readonly_fields]
        return fields if obj is None else ["username", *fields]

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        shown = ["username", "granted_role", "is_active", *map(str, self.readonly_fields)]
        return [*shown, "new_password"] if self.has_change_permission(request, obj) else shown

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # a person's words stay; erasing somebody is a service of its own

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        given, actor = form.cleaned_data, _actor(request)
        if not change:
            role, active = given["granted_role"], given["is_active"]
            obj.pk = services.add_user(
                given["username"], given["new_password"], role, is_active=active, actor=actor
            ).pk
            return
        if {"granted_role", "is_active"} & set(form.changed_data):
            role, active = given["granted_role"], given["is_active"]
            attempt(
                request,
                lambda: services.change_access(obj, actor, granted_role=role, is_active=active),
                str(_("Access changed.")),
            )
        if given["new_password"]:
            services.set_password(obj, given["new_password"], actor)

    @admin.action(description=_("End all sign-ins of these people"), permissions=["view"])
    def end_sessions(self, request: HttpRequest, people: QuerySet[User]) -> None:
        actor = _actor(request)
        for_each(request, people, lambda user: services.end_sessions_as(actor, user))

    @admin.action(description=_("Block these people"), permissions=["change"])
    def block(self, request: HttpRequest, people: QuerySet[User]) -> None:
        actor = _actor(request)
        for_each(request, people, lambda user: access.block_person(user.user_id, actor))

    @admin.action(description=_("Unblock these people"), permissions=["change"])
    def unblock(self, request: HttpRequest, people: QuerySet[User]) -> None:
        actor = _actor(request)
        for_each(request, people, lambda user: access.unblock_person(user.user_id, actor))


@admin.register(Session)
class SessionAdmin(ReadOnly, PageAdmin[Session]):
    group, icon, title = Group.PEOPLE, "devices", _("Sign-ins")
    list_display = [
        "user", "kind", "name", "platform", "device", "address", "created_at", "last_seen_at", "expires_at",
        "ended_at", "end_reason",
    ]  # fmt: skip
    list_filter = ["kind", "platform", "ended_at"]
    search_fields = ["user__username", "=address"]
    list_select_related = ["user"]
    exclude = ["key", "generation"]
    actions = ["end"]

    @admin.action(description=_("End these sign-ins"), permissions=["view"])
    def end(self, request: HttpRequest, sessions: QuerySet[Session]) -> None:
        actor = _actor(request)
        rows = sessions.select_related("user")
        for_each(request, rows, lambda session: services.end_session_as(actor, session))


@admin.register(Erasure)
class ErasureAdmin(ReadOnly, PageAdmin[Erasure]):
    group, icon = Group.PEOPLE, "person_off"
    list_display = ["user", "state", "asked_by", "agreed_by", "asked_at", "finished_at", "counts"]
    list_filter = ["state", "asked_at"]
    list_select_related = ["user", "asked_by", "agreed_by"]
    actions = ["agree"]

    @admin.action(description=_("Erase these people now, for good"), permissions=["view"])
    def agree(self, request: HttpRequest, rows: QuerySet[Erasure]) -> None:
        actor = _actor(request)
        for_each(request, rows.select_related("user"), lambda row: erasing.begin_erasing(row.user, actor))


# What the guard at the admin's own sign-in counted. Deleting an attempt lets its person try again.
admin.site.unregister([AccessAttempt, AccessLog, AccessFailureLog])  # nothing writes the last


@admin.register(AccessAttempt)
class AttemptAdmin(PageAdmin[AccessAttempt], AccessAttemptAdmin):  # type: ignore[misc]  # has no types
    group, icon, title = Group.PEOPLE, "gpp_maybe", _("Failed sign-ins")
    date_hierarchy = None


@admin.register(AccessLog)
class AccessAdmin(PageAdmin[AccessLog], AccessLogAdmin):  # type: ignore[misc]  # has no types
    group, icon, title = Group.PEOPLE, "login", _("Admin sign-ins")
    date_hierarchy = None
