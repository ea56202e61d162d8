"""The page of the webhooks, for admins."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hazesite.admin_site import PageAdmin, for_each
from hazesite.errors import Refused
from hazesite.outbound import check_address
from tickets import services
from tickets.models import TicketEvent, Webhook

FIELDS = ("name", "url", "event_types", "include_internal", "enabled")


class WebhookForm(forms.ModelForm[Webhook]):
    url_refusal = ""
    event_types = forms.MultipleChoiceField(
        choices=TicketEvent.Type.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None: all."),
    )

    class Meta:
        model = Webhook
        fields = FIELDS

    def clean_url(self) -> str:
        if self.url_refusal:
            raise forms.ValidationError(self.url_refusal)
        url: str = self.cleaned_data["url"]
        return url


@admin.register(Webhook)
class WebhookAdmin(PageAdmin[Webhook]):
    icon = "webhook"
    form = WebhookForm
    list_display = ["name", "url", "enabled", "disabled_reason", "failing_since"]
    list_filter = ["enabled"]
    search_fields = ["name", "url"]
    fields = [*FIELDS, "disabled_reason", "failing_since", "created_by", "created_at"]
    readonly_fields = ["disabled_reason", "failing_since", "created_by", "created_at"]
    actions = ["send_test", "renew_secret"]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method == "POST" and self.has_add_permission(request):
            # Here and not in the form, which is checked inside a transaction: this asks the name servers.
            try:
                check_address(request.POST.get("url", ""))
            except Refused as refused:
                request.url_refusal = str(refused)  # type: ignore[attr-defined]
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: Webhook | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.url_refusal = getattr(request, "url_refusal", "")  # type: ignore[attr-defined]
        return form

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: bool) -> None:
        changes = {
            name: form.cleaned_data[name] for name in FIELDS if name in form.changed_data or not change
        }
        stored = services.store_webhook(_actor(request), changes, obj if change else None)
        if not change:
            obj.pk = stored.pk
            _show(request, stored)

    def delete_model(self, request: HttpRequest, obj: Webhook) -> None:
        services.delete_webhook(_actor(request), str(obj.pk))

    @admin.action(description=gettext_lazy("Send a test"), permissions=["change"])
    def send_test(self, request: HttpRequest, webhooks: QuerySet[Webhook]) -> None:
        for_each(request, webhooks, lambda row: services.test_webhook(_actor(request), str(row.pk)))

    @admin.action(description=gettext_lazy("Make a new secret"), permissions=["change"])
    def renew_secret(self, request: HttpRequest, webhooks: QuerySet[Webhook]) -> None:
        for row in webhooks:
            _show(request, services.renew_secret(_actor(request), str(row.pk)))


def _show(request: HttpRequest, webhook: Webhook) -> None:
    sentence = _("The secret of “%(name)s”, shown this once: %(secret)s")
    messages.warning(request, sentence % {"name": webhook.name, "secret": webhook.secret})


def _actor(request: HttpRequest) -> Any:
    return request.user
