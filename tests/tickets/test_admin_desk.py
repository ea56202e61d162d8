"""What staff do with a ticket beyond talking, on its page and on the desk's own pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tickets import services
from tickets.models import Block, CannedReply


@pytest.fixture
def staff(client, moira):
    client.force_login(moira, backend="django.contrib.auth.backends.ModelBackend")
    return client


def do(staff, ticket, verb: str, **data):
    return staff.post(reverse("admin:tickets_ticket_do", args=[ticket.pk, verb]), data, follow=True)


def test_the_page_offers_what_the_state_allows(staff, ticket, moira):
    page = staff.get(reverse("admin:tickets_ticket_change", args=[ticket.pk])).content.decode()
    for verb in ("claim", "close", "transfer", "snooze", "merge", "update"):
        assert f"/do/{verb}/" in page
    assert "/do/wake/" not in page
    services.close_ticket(ticket.public_id, moira)
    page = staff.get(reverse("admin:tickets_ticket_change", args=[ticket.pk])).content.decode()
    assert "/do/reopen/" in page
    assert "/do/snooze/" not in page


def test_handing_over_and_snoozing(staff, ticket, ada):
    do(staff, ticket, "transfer", to=ada.user_id, note="Yours")
    do(staff, ticket, "snooze", until=(timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M"))
    ticket.refresh_from_db()
    assert ticket.claimed_by == ada
    assert ticket.snoozed_until is not None
    do(staff, ticket, "wake")
    ticket.refresh_from_db()
    assert ticket.snoozed_until is None


def test_changing_priority_and_tags(staff, ticket):
    do(staff, ticket, "update", priority="high", type=ticket.type, tags="billing, wave 2,")
    ticket.refresh_from_db()
    assert ticket.priority == "high"
    assert [tag.name for tag in ticket.tag_rows.all()] == ["billing", "wave 2"]
    before = ticket.last_seq
    do(staff, ticket, "update", priority="high", type=ticket.type, tags="wave 2, billing")
    ticket.refresh_from_db()
    assert ticket.last_seq == before


def test_merging_into_another_of_the_members_tickets(staff, ticket, alice, mallory):
    second = services.open_ticket(alice, "The same again", "It still does not start.")
    foreign = services.open_ticket(mallory, "Quite another", "This is somebody else's story.")
    page = staff.get(reverse("admin:tickets_ticket_change", args=[ticket.pk])).content.decode()
    assert second.public_id in page
    assert foreign.public_id not in page
    do(staff, ticket, "merge", into=second.public_id)
    ticket.refresh_from_db()
    assert ticket.merged_into == second


def test_what_is_not_valid_is_said_and_changes_nothing(staff, ticket):
    page = do(staff, ticket, "snooze", until="soon").content.decode()
    assert "valid date" in page
    ticket.refresh_from_db()
    assert ticket.snoozed_until is None


def test_a_canned_reply_is_kept_and_offered(staff, ticket):
    form = {"name": "hello", "category": "", "content": "Hello {owner}!"}
    staff.post(reverse("admin:tickets_cannedreply_add"), form)
    reply = CannedReply.objects.get()
    page = staff.get(reverse("admin:tickets_ticket_change", args=[ticket.pk])).content.decode()
    assert "Hello alice!" in page
    change = reverse("admin:tickets_cannedreply_change", args=[reply.pk])
    staff.post(change, form | {"name": "good-day"})
    assert CannedReply.objects.get().name == "good-day"


def test_blocking_and_lifting_a_block(staff, alice, ada):
    add = reverse("admin:tickets_block_add")
    staff.post(add, {"user": alice.pk, "reason": "Spam", "until_0": "", "until_1": ""})
    block = Block.objects.get()
    assert (block.user, block.blocked_by.username) == (alice, "moira")
    page = staff.post(add, {"user": ada.pk, "reason": "", "until_0": "", "until_1": ""}, follow=True)
    assert "cannot be blocked" in page.content.decode()
    staff.post(reverse("admin:tickets_block_delete", args=[block.pk]), {"post": "yes"})
    assert Block.objects.count() == 0


def test_ratings_are_there_to_read_until_their_ticket_is_deleted(staff, ticket, alice, moira, ada):
    services.close_ticket(ticket.public_id, moira)
    services.rate_ticket(ticket.public_id, alice, 4, "Quick")
    page = reverse("admin:tickets_rating_changelist")
    assert "Quick" in staff.get(page).content.decode()
    services.delete_ticket(ticket.public_id, ada)
    assert "Quick" not in staff.get(page).content.decode()
    assert staff.get(reverse("admin:tickets_rating_add")).status_code == 403


@pytest.mark.parametrize("kind", ["html", "txt", "json"])
def test_a_transcript_from_the_page(staff, ticket, kind):
    answer = staff.get(reverse("admin:tickets_ticket_transcript", args=[ticket.pk, kind]))
    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]
    assert b"Since this morning" in b"".join(
        answer.streaming_content if answer.streaming else [answer.content]
    )


def test_another_kind_of_transcript_is_404(staff, ticket):
    assert staff.get(reverse("admin:tickets_ticket_transcript", args=[ticket.pk, "pdf"])).status_code == 404
