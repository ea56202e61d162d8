"""What the links in mails open. Looking changes nothing, for scanners look at each; a button does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from hazesite.errors import Refused
from notifications.mail import addresses, links
from notifications.mail.topics import ALL, label_of

Page = Callable[[HttpRequest, str], HttpResponse]
Choices = Sequence[tuple[str, str]]


def by_link(page: Page) -> Callable[[HttpRequest], HttpResponse]:
    """The signed token is all the proof there is; a mail program that unsubscribes has no cookie of ours."""

    @csrf_exempt
    @never_cache
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(page)
    def answer(request: HttpRequest) -> HttpResponse:
        try:
            response = page(request, request.GET.get("token", ""))
        except Refused as refused:
            response = _page(request, str(refused), status=refused.status)
        response["Referrer-Policy"] = "no-referrer"
        return response

    return answer


def _page(
    request: HttpRequest, sentence: str, explanation: str = "", choices: Choices = (), status: int = 200
) -> HttpResponse:
    said = {"sentence": sentence, "explanation": explanation, "choices": choices}
    return render(request, "notifications/mail/page.html", said, status=status)


@by_link
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "POST":
        found = addresses.confirm_address(token)
        return _page(request, _("%(address)s is confirmed.") % {"address": found.address})
    found = addresses.confirmable(token)
    said = {"address": found.address, "name": found.user.username}
    sentence = _("Mail %(name)s at %(address)s?") % said
    return _page(request, sentence, choices=[("confirm", _("Confirm"))])


@by_link
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """POST is also what mail programs do by themselves (RFC 8058), with `List-Unsubscribe=One-Click`."""
    if request.method == "POST":
        what = addresses.unsubscribe(token, request.POST.get("what", ""))
        sentence = _("Not mailed any more: %(what)s") % {"what": label_of(what)}
        return _page(request, sentence, _("The settings of your notifications switch it on again."))
    said = links.read_subscription(token)
    choices = [(what, label_of(what)) for what in said.choices if what != ALL]
    return _page(
        request, _("What shall not be mailed any more?"), choices=[*choices, (ALL, _("Nothing at all"))]
    )
