"""Checks of ranks in the background: what rose is told once, whatever is killed, repeated or down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from botconfig.services import set_by_bot
from community.rocketleague import checking, jobs, services
from community.rocketleague.models import LinkedAccount, Profile, RankCheck, RankUp, SourcePause
from community.rocketleague.tiers import TIERS
from hazesite.jobs.models import Job
from hazesite.outgoing.models import Delivery
from notifications.models import Notification

pytestmark = pytest.mark.django_db
CHECK = "/api/rocket-league/check-ranks"
CHANNEL = "112233445566778899"


@pytest.fixture
def admin(ada, client_of):
    return client_of(ada)


@pytest.fixture
def squishy(alice, ranks, do_jobs) -> LinkedAccount:
    """Alice's, known as Gold I."""
    set_by_bot("channels", {"rl_channel_id": CHANNEL})
    ranks.rank("steam", "Squishy", "Gold I")
    account = services.link(alice, "steam", "Squishy")
    do_jobs()
    return account


def forget():
    """What was read a while ago is read anew."""
    Profile.objects.update(fetched_at=timezone.now() - timedelta(hours=1), retry_at=None, failure=None)


@pytest.fixture
def check(admin, do_jobs):
    """A whole check; its figures."""

    def whole():
        forget()
        started = admin.post(CHECK)
        assert started.status_code == 202, started.json()
        do_jobs()
        return admin.get(f"{CHECK}/{started.json()['check_id']}").json()

    return whole


def rises() -> list[tuple[str, str, str]]:
    rows = RankUp.objects.order_by("pk")
    return [(row.playlist, TIERS[row.from_tier], TIERS[row.to_tier]) for row in rows]


def test_there_are_the_twenty_three_tiers():
    assert len(TIERS) == 23 and TIERS[19:] == (
        "Grand Champion I", "Grand Champion II", "Grand Champion III", "Supersonic Legend",
    )  # fmt: skip


def test_a_rise_is_told_to_the_person_and_in_the_channel(squishy, ranks, check, alice):
    assert rises() == []  # the first sight tells nothing
    ranks.rank("steam", "Squishy", "Gold III")
    body = check()
    figures = [body[name] for name in ("state", "total", "checked", "failed", "rank_ups")]
    assert figures == ["done", 1, 1, 0, 1]
    assert rises() == [("2v2", "Gold I", "Gold III")]
    post = Delivery.objects.get(transport="discord")
    assert post.target == f"channel:{CHANNEL}" and post.payload["content"] == "alice"
    assert post.payload["embeds"][0]["title"] == "Rank-up in 2v2: Gold III"
    told = Notification.objects.get()
    assert (told.user, told.kind, told.facts["body"]) == (alice, "rank_up", "From Gold I to Gold III.")


def test_who_is_in_discord_is_pinged(squishy, ranks, check):
    User.objects.filter(username="alice").update(discord_id=2**60)
    ranks.rank("steam", "Squishy", "Gold II")
    check()
    payload = Delivery.objects.get().payload
    assert (payload["content"], payload["pings"]) == (f"<@{2**60}>", {"roles": [], "users": [str(2**60)]})


def test_it_is_told_once(squishy, ranks, check):
    ranks.rank("steam", "Squishy", "Gold II")
    assert [check()["rank_ups"] for _ in range(3)] == [1, 0, 0]


def test_who_falls_and_comes_back_is_not_told_of_again(squishy, ranks, check):
    for tier in ("Silver I", "Gold I", "Gold II", "Gold I", "Gold II", "Silver III", "Gold II", "Gold III"):
        ranks.rank("steam", "Squishy", tier)
        check()
    assert rises() == [("2v2", "Gold I", "Gold II"), ("2v2", "Gold II", "Gold III")]
    assert Notification.objects.count() == Delivery.objects.count() == 2


def test_placements_and_a_new_season_tell_nothing(squishy, ranks, check):
    ranks.rank("steam", "Squishy", "Unranked", playlist=13)
    check()
    ranks.rank("steam", "Squishy", "Diamond I", playlist=13)
    check()
    ranks.season += 1
    ranks.players.clear()
    ranks.rank("steam", "Squishy", "Platinum I")
    check()
    assert rises() == []
    ranks.rank("steam", "Squishy", "Platinum II")
    check()
    assert rises() == [("2v2", "Platinum I", "Platinum II")]


def test_linking_anew_tells_nothing_twice(squishy, ranks, check, alice, do_jobs):
    ranks.rank("steam", "Squishy", "Gold II")
    check()
    services.unlink(alice)
    ranks.rank("steam", "Squishy", "Gold I")
    forget()
    services.link(alice, "steam", "Squishy")
    do_jobs()
    ranks.rank("steam", "Squishy", "Gold II")
    check()
    assert rises() == [("2v2", "Gold I", "Gold II")]
    assert Notification.objects.count() == 1


def test_a_job_that_is_done_again_after_a_crash_tells_nothing_again(squishy, ranks, admin):
    ranks.rank("steam", "Squishy", "Gold II")
    forget()
    check = RankCheck.objects.get(pk=admin.post(CHECK).json()["check_id"])
    for _ in range(3):  # its worker died after the commit, before it settled the job
        jobs.check_next.call(check.pk, 0)
    check.refresh_from_db()
    assert (check.checked, check.rank_ups, len(rises())) == (1, 1, 1)
    jobs.check_account.call(squishy.pk)
    assert len(rises()) == 1


def test_a_crash_between_reading_and_storing_loses_nothing(squishy, ranks, admin, monkeypatch, do_jobs):
    ranks.rank("steam", "Squishy", "Gold II")
    forget()
    admin.post(CHECK)
    with monkeypatch.context() as patch:

        def die(*_args: object) -> None:
            raise SystemExit

        patch.setattr(checking, "_post", die)
        with pytest.raises(SystemExit):
            do_jobs()
    assert rises() == [] and LinkedAccount.objects.get().ranks["2v2"]["tier"] == "Gold I"
    do_jobs()
    assert len(rises()) == Delivery.objects.count() == Notification.objects.count() == 1


def test_accounts_are_read_one_after_the_other_and_paced(squishy, ranks, admin, mallory, do_jobs):
    services.link(mallory, "epic", "Zen")
    Job.objects.all().delete()
    forget()
    ranks.asked.clear()
    body = admin.post(CHECK).json()
    assert (body["total"], body["checked"], body["state"]) == (2, 0, "running")
    assert do_jobs(due_only=True) == 1
    assert ranks.names() == ["Squishy"]
    waiting = Job.objects.get()
    assert waiting.run_after > timezone.now() + timedelta(seconds=0.5)
    assert admin.get(CHECK).json()["checked"] == 1
    do_jobs()
    body = admin.get(CHECK).json()
    assert (body["state"], body["checked"], body["failed"]) == ("done", 2, 1)  # nobody knows Zen
    assert LinkedAccount.objects.get(username="Zen").error


def test_two_askers_get_one_check(squishy, admin, client_of):
    first, second = admin.post(CHECK).json(), admin.post(CHECK).json()
    assert first["check_id"] == second["check_id"]
    assert Job.objects.filter(task__endswith="check_next").count() == 1


def test_when_the_source_asks_for_a_pause_the_check_waits(squishy, ranks, admin, do_jobs):
    ranks.mood, ranks.retry_after = "limited", 300
    ranks.asked.clear()
    forget()
    admin.post(CHECK)
    assert do_jobs(due_only=True) == 1
    assert 290 < (Job.objects.get().run_after - timezone.now()).total_seconds() <= 300
    assert admin.get(CHECK).json()["state"] == "running" and len(ranks.asked) == 1
    ranks.mood = "well"
    SourcePause.objects.all().delete()
    forget()
    do_jobs()
    body = admin.get(CHECK).json()
    assert (body["state"], body["checked"], body["failed"]) == ("done", 1, 0)


def test_a_source_that_is_down_ends_the_check_and_is_named(ranks, admin, do_jobs):
    for number in range(8):
        user = User.objects.create_user(f"player{number}", "plays-all-the-day-7")
        services.link(user, "steam", f"Player{number}")
    Job.objects.all().delete()
    ranks.mood = "failing"
    admin.post(CHECK)
    do_jobs()
    body = admin.get(CHECK).json()
    assert (body["state"], body["checked"], body["failed"]) == ("failed", 5, 5)
    assert "tracker.gg" in body["error"]
    assert len(ranks.asked) == 5
    ranks.mood = "well"
    assert admin.post(CHECK).json()["check_id"] != body["check_id"]


def test_by_the_clock_of_the_configuration(squishy, do_jobs):
    assert jobs.check_ranks_when_due.call()
    do_jobs()
    assert not jobs.check_ranks_when_due.call()
    set_by_bot("rocket_league", {"rank_check_interval_hours": 2})
    RankCheck.objects.update(started_at=timezone.now() - timedelta(hours=2, minutes=1))
    assert jobs.check_ranks_when_due.call()
    assert RankCheck.objects.count() == 2


def test_by_the_clock_nothing_is_done_without_a_key_or_accounts(ranks, settings, alice):
    assert not jobs.check_ranks_when_due.call()
    services.link(alice, "steam", "Squishy")
    settings.ROCKET_LEAGUE_API_KEY = ""
    assert not jobs.check_ranks_when_due.call()
    assert not RankCheck.objects.exists()


def test_a_check_whose_job_was_lost_goes_on(squishy, admin, do_jobs):
    admin.post(CHECK)
    Job.objects.all().delete()
    jobs.check_ranks_when_due.call()
    assert not Job.objects.exists()  # it may only be slow
    RankCheck.objects.update(moved_at=timezone.now() - timedelta(minutes=11))
    jobs.check_ranks_when_due.call()
    do_jobs()
    assert admin.get(CHECK).json()["state"] == "done"


def test_who_may_begin_and_look(squishy, client_of, alice, moira, admin):
    for user in (alice, moira):
        assert client_of(user).post(CHECK).status_code == client_of(user).get(CHECK).status_code == 403
    assert admin.get(CHECK).json()["code"] == "unknown_check"
    assert admin.get(f"{CHECK}/{'9' * 30}").status_code == 404
    assert admin.get(f"{CHECK}/x").status_code == 404
    assert not RankCheck.objects.exists()


def test_an_account_that_is_unlinked_meanwhile_is_passed_over(squishy, ranks, check, alice, monkeypatch):
    obtain = services.profiles.obtain

    def and_unlink(*args):
        reading = obtain(*args)
        LinkedAccount.objects.all().delete()
        return reading

    monkeypatch.setattr(services.profiles, "obtain", and_unlink)
    ranks.rank("steam", "Squishy", "Gold II")
    assert check()["state"] == "done"
    assert rises() == []
