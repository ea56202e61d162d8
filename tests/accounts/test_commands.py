from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Session, User
from accounts.roles import Role
from accounts.services import Device, start_session
from tickets.models import Message, Ticket

pytestmark = pytest.mark.django_db


def prepare(**options: object) -> str:
    out = StringIO()
    call_command("prepare", stdout=out, **options)
    return out.getvalue()


def test_the_first_admin_is_told_their_password_once(settings):
    settings.API_ADMIN_PASS = ""
    settings.API_EXTRA_USERS = []
    printed = prepare()
    password = printed.split("Password:")[1].split()[0]

    admin = User.objects.get(username="admin")
    assert admin.check_password(password) and admin.role == Role.ADMIN
    assert prepare() == ""


def test_in_production_the_first_admin_needs_a_password_from_outside(settings):
    settings.API_ADMIN_PASS, settings.API_EXTRA_USERS, settings.PRODUCTION = "", [], True
    with pytest.raises(CommandError, match="set API_ADMIN_PASS"):
        prepare()


def test_users_of_the_environment_get_exactly_this_password_and_role(settings):
    settings.API_ADMIN_PASS = "admin-pass-7"
    settings.API_EXTRA_USERS = [("eve", "first-pass-8", "moderator")]
    prepare()
    eve = User.objects.get(username="eve")
    start_session(eve, Device())

    settings.API_EXTRA_USERS = [("eve", "second-pass-9", "lootling")]
    prepare()
    eve.refresh_from_db()
    assert eve.check_password("second-pass-9") and eve.role == Role.LOOTLING
    assert not Session.objects.live().exists()


def test_an_unchanged_password_ends_nothing(settings):
    settings.API_ADMIN_PASS, settings.API_EXTRA_USERS = "admin-pass-7", [("eve", "first-pass-8", "admin")]
    prepare()
    start_session(User.objects.get(username="eve"), Device())
    prepare()
    assert Session.objects.live().count() == 1


def test_demo_data_is_added_once(settings):
    settings.API_ADMIN_PASS = "admin-pass-7"
    assert "Demo members" in prepare(demo=True)
    count = Ticket.objects.count()
    assert count >= 4
    assert prepare(demo=True) == ""
    assert Ticket.objects.count() == count


def test_demo_data_has_a_past_in_the_order_of_its_steps(settings):
    settings.API_ADMIN_PASS = "admin-pass-7"
    prepare(demo=True)
    for ticket in Ticket.objects.all():
        moments = list(ticket.events.order_by("seq").values_list("at", flat=True))
        assert moments == sorted(moments) and moments[-1] < timezone.now() - timedelta(minutes=20)
        assert abs(ticket.active_at - moments[-1]) < timedelta(minutes=5)
        for message in ticket.messages.all():
            assert message.created_at == ticket.events.get(seq=message.seq).at
    assert Message.objects.filter(attachments__name="what-he-writes.png").count() == 1


def test_adding_a_user():
    out = StringIO()
    call_command("adduser", "zoe", role="moderator", password="quite-long-pass-1", stdout=out)
    assert User.objects.get(username="zoe").role == Role.MODERATOR
    assert "zoe" in out.getvalue()


@pytest.mark.parametrize(
    ("name", "password", "why"),
    [
        ("zoe", "short", "short"),
        ("bad name", "quite-long-pass-1", "valid"),
        ("taken", "quite-long-pass-1", "already"),
    ],
)
def test_a_user_that_cannot_be_added(name, password, why):
    User.objects.create_user("taken")
    with pytest.raises(CommandError, match=why):
        call_command("adduser", name, password=password)
    assert User.objects.count() == 1
