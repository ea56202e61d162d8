"""What the desk's own calls take and give: passing on, putting off, ratings, canned replies, blocks."""

from __future__ import annotations

from rest_framework import serializers

from hazesite.fields import OPTIONAL, Shaped, Strict, Text, Whole
from tickets.serializers import Input, Person
from tickets.states import Priority

NAME = r"^[\w-]{1,50}\Z"


# --- in ----------------------------------------------------------------------
class TransferIn(Strict):
    to = Person(help_text="A user id of staff.")
    note = Text(max_length=4000, **OPTIONAL)


class SnoozeIn(Strict):
    until = serializers.DateTimeField()


class MergeIn(Strict):
    into = Text(max_length=32, help_text="The id of the ticket that goes on.")


class RatingIn(Strict):
    score = Whole(min_value=1, max_value=5)
    comment = Text(max_length=2000, **OPTIONAL)


class BulkIn(Strict):
    """What else is needed depends on the action, as in the call for one ticket."""

    ticket_ids = serializers.ListField(child=Text(max_length=32), min_length=1, max_length=100)
    action = serializers.ChoiceField(
        ["claim", "unclaim", "assign", "transfer", "close", "reopen", "update", "snooze", "wake", "delete"]
    )
    assigned_to = Person(allow_null=True, required=False)
    to = Person(required=False)
    close_message = Text(max_length=4000, **OPTIONAL)
    until = serializers.DateTimeField(required=False)
    priority = serializers.ChoiceField(Priority.choices, required=False)
    type = Text(max_length=50, required=False)
    tags = serializers.ListField(child=Text(max_length=50), max_length=20, required=False)


class CannedReplyIn(Strict):
    name = Shaped(NAME, help_text="One word: it is typed to find the reply.")
    content = Text(max_length=4000)
    category = Text(max_length=50, **OPTIONAL)

    def validate_category(self, value: str | None) -> str:
        return value or ""


class BlockIn(Strict):
    reason = Text(max_length=300, **OPTIONAL)
    until = serializers.DateTimeField(required=False, allow_null=True, default=None)


# --- out ---------------------------------------------------------------------
class CannedReplyOut(Input):
    name = serializers.CharField()
    content = serializers.CharField()
    category = serializers.CharField(allow_blank=True)
    updated_at = serializers.DateTimeField()


class FilledReplyOut(CannedReplyOut):
    text = serializers.CharField(help_text="The content with this ticket's facts filled in.")


class CannedRepliesOut(Input):
    canned_replies = CannedReplyOut(many=True)


class FilledRepliesOut(Input):
    canned_replies = FilledReplyOut(many=True)


class BlockOut(Input):
    user_id = serializers.CharField()
    user_name = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    until = serializers.DateTimeField(allow_null=True)
    blocked_by = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()


class BlocksOut(Input):
    blocked = BlockOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class PresentOut(Input):
    user_id = serializers.CharField()
    user_name = serializers.CharField()


class PresenceOut(Input):
    users = PresentOut(many=True)


class OutcomeOut(Input):
    ticket_id = serializers.CharField()
    ok = serializers.BooleanField()
    error = serializers.CharField(required=False)
    code = serializers.CharField(required=False)


class BulkOut(Input):
    results = OutcomeOut(many=True)
