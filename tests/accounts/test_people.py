"""People, for staff: finding them, granting roles, blocking, ending sign-ins."""

from __future__ import annotations

import pytest

from accounts import access, monitoring_tokens
from accounts import services as accounts
from accounts.errors import LastAdmin
from accounts.models import User
from accounts.roles import Role
from accounts.services import Device
from hazesite.audit.models import AuditEntry
from hazesite.errors import NotAllowed

SHAPE = {
    "user_id", "username", "discriminator", "avatar", "role", "permissions", "discord_id", "created_at",
    "blocked", "erased", "granted_role", "guild_role", "last_seen",
}  # fmt: skip


@pytest.fixture
def grace(db) -> User:
    """Another admin."""
    return User.objects.create_user("grace", "compile-all-of-it-5", granted_role=Role.ADMIN)


@pytest.fixture
def gil(db) -> User:
    """A moderator by the guild's role."""
    return User.objects.create_user(
        "gil", "by-the-guild-alone-6", guild_role=Role.MODERATOR, discord_id=4711, user_id="4711"
    )


def names(answer) -> list[str]:
    return [user["username"] for user in answer.json()["users"]]


def test_somebody_is_shown_to_staff_and_to_nobody_else(alice, moira, mallory, client_of):
    accounts.start_session(alice, Device("192.0.2.7"))
    shown = client_of(moira).get(f"/api/users/{alice.user_id}").json()
    assert shown.keys() == SHAPE
    assert (shown["role"], shown["permissions"]) == ("lootling", ["tickets_own", "memes", "rocket_league"])
    assert (shown["blocked"], shown["avatar"]) == (False, None)
    assert shown["last_seen"]
    assert client_of(mallory).get(f"/api/users/{alice.user_id}").status_code == 403
    assert client_of(moira).get("/api/users/u0").json()["code"] == "not_found"


def test_the_service_account_is_nobody(ada, client_of):
    monitor = monitoring_tokens.issue("a-secret-of-the-tests", None, Device()).user
    assert client_of(ada).get(f"/api/users/{monitor.user_id}").status_code == 404
    assert monitor.username not in names(client_of(ada).get("/api/users"))


def test_people_are_found_by_name_id_role_and_block(alice, mallory, gil, moira, ada, grace, client_of):
    client = client_of(moira)
    access.block_person(mallory.user_id, ada)

    def found(query: str) -> set[str]:
        return set(names(client.get(f"/api/users?{query}")))

    assert found("q=ALI") == {"alice"}
    assert found(f"q={alice.user_id}") == {"alice"}
    assert found("q=4711") == {"gil"}
    assert found("q=99999999999999999999999") == set()
    assert found("role=admin") == {"ada", "grace"}
    assert found("role=moderator") == {"moira", "gil"}
    assert found("role=lootling") == {"alice", "mallory"}
    assert found("blocked=true") == {"mallory"}
    assert found("role=lootling&blocked=false") == {"alice"}
    assert client.get("/api/users?role=king").status_code == 400


def test_a_page_of_people_costs_the_same_however_many_they_are(moira, client_of, django_assert_num_queries):
    User.objects.bulk_create(User(username=f"member-{number}") for number in range(60))
    client = client_of(moira)
    with django_assert_num_queries(3):  # who asks, the page, when they were last seen
        first = client.get("/api/users?limit=40").json()
    second = client.get(f"/api/users?limit=40&cursor={first['next_cursor']}").json()
    both = [user["user_id"] for user in first["users"] + second["users"]]
    assert len(set(both)) == len(both) == 61
    assert second["next_cursor"] is None


def test_a_role_is_granted_and_counts_at_the_next_request(alice, ada, client_of):
    theirs = client_of(alice)
    assert theirs.get("/api/users").status_code == 403
    answer = client_of(ada).patch(f"/api/users/{alice.user_id}", {"role": "moderator"})
    assert (answer.status_code, answer.json()["role"]) == (200, "moderator")
    assert theirs.get("/api/users").status_code == 200
    entry = AuditEntry.objects.get(verb="user.role_changed")
    assert (entry.actor, entry.before["role"], entry.after["role"]) == (ada, "lootling", "moderator")
    client_of(ada).patch(f"/api/users/{alice.user_id}", {"role": "lootling"})
    alice.refresh_from_db()
    assert alice.granted_role == ""


@pytest.mark.parametrize(
    "body", [{}, {"role": "monitoring"}, {"role": "king"}, {"role": None}, {"rol": "admin"}]
)
def test_a_bad_role_changes_nothing(alice, ada, client_of, body):
    answer = client_of(ada).patch(f"/api/users/{alice.user_id}", body)
    assert answer.status_code == 400
    alice.refresh_from_db()
    assert (alice.granted_role, AuditEntry.objects.count()) == ("", 0)


def test_nobody_is_set_below_what_the_guild_gives(gil, ada, client_of):
    client = client_of(ada)
    answer = client.patch(f"/api/users/{gil.user_id}", {"role": "lootling"})
    assert (answer.status_code, answer.json()["code"]) == (409, "role_from_discord")
    assert client.patch(f"/api/users/{gil.user_id}", {"role": "admin"}).json()["role"] == "admin"
    assert client.patch(f"/api/users/{gil.user_id}", {"role": "moderator"}).json()["granted_role"] == ""


def test_a_superuser_can_be_made_less(ada, client_of):
    root = User.objects.create_superuser("root", "the-root-of-it-all-9")
    assert (
        client_of(ada).patch(f"/api/users/{root.user_id}", {"role": "lootling"}).json()["role"] == "lootling"
    )


def test_the_last_admin_stays_one(ada, grace, client_of):
    assert client_of(grace).patch(f"/api/users/{grace.user_id}", {"role": "moderator"}).status_code == 200
    answer = client_of(ada).patch(f"/api/users/{ada.user_id}", {"role": "moderator"})
    assert (answer.status_code, answer.json()["code"]) == (409, "last_admin")
    ada.refresh_from_db()
    assert ada.is_admin


def test_a_blocked_admin_does_not_count_as_another(ada, grace):
    access.block_person(grace.user_id, ada)
    with pytest.raises(LastAdmin):
        access.set_role(ada.user_id, ada, "lootling")


def test_a_block_ends_sign_ins_and_sockets_and_an_unblock_lets_in_again(alice, ada, client_of, shown):
    theirs, staff = client_of(alice), client_of(ada)
    key = alice.sessions.get().key
    with shown() as publications:
        answer = staff.post(f"/api/users/{alice.user_id}/block")
    assert (answer.status_code, answer.json()["blocked"]) == (200, True)
    assert [(each.closes, each.parts[0].rooms) for each in publications] == [
        ("unauthorized", (f"session:{key}",))
    ]
    assert theirs.get("/api/ping").status_code == 401
    assert staff.post(f"/api/users/{alice.user_id}/block").status_code == 200
    assert staff.post(f"/api/users/{alice.user_id}/unblock").json()["blocked"] is False
    assert theirs.get("/api/ping").status_code == 401  # what ended stays ended
    assert client_of(alice).get("/api/ping").status_code == 200
    verbs = AuditEntry.objects.order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["user.blocked", "user.unblocked"]


def test_nobody_blocks_themselves(ada, grace, client_of):
    assert client_of(ada).post(f"/api/users/{ada.user_id}/block").status_code == 403


def test_an_admin_sees_and_ends_somebodys_sign_ins(alice, ada, moira, client_of):
    theirs, others = client_of(alice), client_of(alice)
    path = f"/api/users/{alice.user_id}/sessions"
    staff = client_of(ada)
    sessions = staff.get(path).json()["sessions"]
    assert len(sessions) == 2
    assert not any(session["current"] for session in sessions)
    assert client_of(moira).get(path).status_code == 403
    assert client_of(moira).delete(path).status_code == 403
    assert staff.delete(f"{path}/{sessions[0]['session_id']}").status_code == 200
    assert staff.delete(f"{path}/{sessions[0]['session_id']}").status_code == 404
    assert sorted(client.get("/api/ping").status_code for client in (theirs, others)) == [200, 401]
    assert staff.delete(path).status_code == 200
    assert {client.get("/api/ping").status_code for client in (theirs, others)} == {401}
    assert staff.get(path).json()["sessions"] == []
    counts = AuditEntry.objects.filter(verb="user.signed_out").order_by("pk").values_list("after", flat=True)
    assert list(counts) == [{"sign_ins": 1}, {"sign_ins": 1}]


def test_somebody_elses_sign_in_is_not_found_under_another_name(alice, mallory, ada, client_of):
    client_of(mallory)
    key = mallory.sessions.get().key
    assert client_of(ada).delete(f"/api/users/{alice.user_id}/sessions/{key}").status_code == 404
    assert mallory.sessions.live().count() == 1


def test_a_role_lost_a_moment_ago_changes_nobody(alice, ada, grace):
    stale = User.objects.get(pk=ada.pk)
    access.set_role(ada.user_id, grace, "moderator")
    with pytest.raises(NotAllowed):
        access.set_role(alice.user_id, stale, "admin")


def test_the_admin_site_blocks_too(alice, ada, client):
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    chosen = {"action": "block", "_selected_action": [alice.pk]}
    client.post("/admin/accounts/user/", chosen)
    alice.refresh_from_db()
    assert not alice.is_active
    entry = AuditEntry.objects.get(verb="user.blocked")
    assert (entry.door, entry.address, entry.actor) == ("admin", "127.0.0.1", ada)
