"""What the API takes, and the declared shapes of what it gives (`rendering.py` makes them)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from hazesite.api import MAX_LIMIT, PageQuery
from hazesite.fields import OPTIONAL, Asked, AskedFlag, Nonce, Strict, Text, Whole
from hazesite.schema_fields import SOMETHING
from tickets.models import TicketEvent
from tickets.states import Priority, Side, Status

Input = serializers.Serializer[dict[str, Any]]
MAX_SEQ = 2**31 - 1


@extend_schema_field(
    {
        "anyOf": [
            {"type": "string", "pattern": SOMETHING, "minLength": 1, "maxLength": 20},
            {"type": "integer", "format": "int64", "minimum": 1, "maximum": 2**63 - 1},
        ]
    }
)
class Person(Text):
    """A user id, which a request may also send as an integer."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=20, **options)

    def to_internal_value(self, data: Any) -> str:
        is_key = type(data) is int and 0 < data < 2**63
        return super().to_internal_value(str(data) if is_key else data)


# --- in ----------------------------------------------------------------------
class ListQuery(PageQuery):
    status = serializers.ChoiceField(["open", "closed", "claimed", "all"], default="all")
    assigned_to = Text(max_length=20, required=False, help_text="A user id.")
    priority = serializers.ChoiceField(Priority.choices, required=False)
    tag = Text(max_length=50, required=False)
    awaiting = serializers.ChoiceField(Side.choices, required=False, help_text="Whose answer is due.")
    overdue = AskedFlag(required=False, help_text="For staff: a promise was missed.")
    snoozed = AskedFlag(required=False, help_text="For staff.")
    q = Text(
        max_length=200,
        default="",
        allow_blank=True,
        help_text='Words of the subject or of one message, `"a phrase"`, `#12` or a ticket id.',
    )

    def validate_q(self, typed: str) -> str:
        return typed.strip()


class OpenTicketIn(Input):
    subject = Text(min_length=3, max_length=100)
    description = Text(min_length=10, max_length=2000)
    type = Text(max_length=50, **OPTIONAL)
    priority = serializers.ChoiceField(Priority.choices, default=Priority.NORMAL, allow_null=True)
    answers = serializers.DictField(
        required=False, allow_null=True, default=None, help_text="To the category's form, by question id."
    )
    client_nonce = Nonce()


class MessageIn(Input):
    message = Text(max_length=4000)
    client_nonce = Nonce()


class TranscriptQuery(Input):
    format = serializers.ChoiceField(["html", "json", "txt"], default="html")


class AttachIn(Input):
    file = serializers.ListField(
        child=serializers.FileField(),
        min_length=1,
        max_length=10,
        help_text="10 MiB each, 25 in all.",
    )
    message = Text(max_length=4000, **OPTIONAL)
    note = AskedFlag(default=False, help_text="For staff alone, as an internal note.")
    client_nonce = Nonce()


class EditMessageIn(Input):
    message = Text(max_length=4000)


class CloseIn(Input):
    close_message = Text(max_length=4000, **OPTIONAL)


class AssignIn(Input):
    assigned_to = Person(allow_null=True, help_text="A user id of staff; null for nobody.")


class UpdateTicketIn(Strict):
    unknown_key = "It cannot be changed here."
    priority = serializers.ChoiceField(Priority.choices, required=False)
    type = Text(max_length=50, required=False)
    tags = serializers.ListField(child=Text(max_length=50), max_length=20, required=False)


class MarkReadIn(Input):
    up_to_seq = Whole(min_value=0, max_value=MAX_SEQ, required=False, allow_null=True, default=None)


class MessagesQuery(Input):
    after_seq = Asked(min_value=0, max_value=MAX_SEQ, required=False, default=None)
    before_seq = Asked(min_value=0, max_value=MAX_SEQ, required=False, default=None)
    limit = Asked(min_value=1, max_value=MAX_LIMIT, default=100)


class EventsQuery(Input):
    after = Asked(min_value=0, max_value=MAX_SEQ, default=0)
    limit = Asked(min_value=1, max_value=MAX_LIMIT, default=MAX_LIMIT)


# --- out ---------------------------------------------------------------------
class AttachmentOut(Input):
    id = serializers.CharField()
    name = serializers.CharField()
    content_type = serializers.CharField(help_text="By its bytes, not by its name.")
    size = serializers.IntegerField(help_text="In bytes.")
    width = serializers.IntegerField(allow_null=True, help_text="Of a picture, as shown.")
    height = serializers.IntegerField(allow_null=True)
    url = serializers.CharField(help_text="A path of this server; needs the same token as all else.")


class MessageOut(Input):
    id = serializers.CharField()
    seq = serializers.IntegerField()
    author_id = serializers.CharField()
    author_name = serializers.CharField()
    author_avatar = serializers.CharField(allow_null=True)
    content = serializers.CharField(allow_blank=True)
    timestamp = serializers.DateTimeField()
    edited_at = serializers.DateTimeField(allow_null=True)
    is_admin = serializers.BooleanField(help_text="Written by staff.")
    is_note = serializers.BooleanField()
    source = serializers.ChoiceField(["app", "web", "discord", "admin"])  # type: ignore[assignment]
    attachments = AttachmentOut(many=True)
    mentions = serializers.ListField(child=serializers.CharField(), help_text="User ids.")
    client_nonce = serializers.CharField(allow_null=True)
    deleted = serializers.BooleanField()


class SummaryOut(Input):
    ticket_id = serializers.CharField()
    ticket_num = serializers.IntegerField()
    user_id = serializers.CharField()
    user_name = serializers.CharField()
    status = serializers.ChoiceField(Status.choices)
    type = serializers.CharField()
    priority = serializers.ChoiceField(Priority.choices)
    tags = serializers.ListField(child=serializers.CharField())
    subject = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_message = serializers.CharField(allow_blank=True)
    last_message_at = serializers.DateTimeField(allow_null=True)
    unread_count = serializers.IntegerField(help_text="For whoever asks.")
    assigned_to = serializers.CharField(allow_null=True)
    claimed_by = serializers.CharField(allow_null=True)
    awaiting = serializers.ChoiceField(Side.choices, help_text="Whose answer is due.")
    last_seq = serializers.IntegerField(help_text="The last step of its stream that the caller may see.")
    snoozed_until = serializers.DateTimeField(allow_null=True, required=False, help_text="For staff.")
    first_answer_at = serializers.DateTimeField(allow_null=True, required=False, help_text="For staff.")
    first_answer_due_at = serializers.DateTimeField(allow_null=True, required=False, help_text="For staff.")
    resolution_due_at = serializers.DateTimeField(
        allow_null=True, required=False, help_text="For staff; null while the owner's answer is awaited."
    )
    answer_overdue = serializers.BooleanField(required=False, help_text="For staff.")
    resolution_overdue = serializers.BooleanField(required=False, help_text="For staff.")


class RatingOut(Input):
    score = serializers.IntegerField()
    comment = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField()


class AnswerOut(Input):
    id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.CharField()
    value = serializers.JSONField()


class DetailOut(SummaryOut):
    user_avatar = serializers.CharField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    answers = AnswerOut(many=True, help_text="To its category's form.")
    merged_into = serializers.CharField(allow_null=True, help_text="The ticket that goes on.")
    rating = RatingOut(allow_null=True)
    messages = MessageOut(many=True)


class TicketsOut(Input):
    tickets = SummaryOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)
    total = serializers.IntegerField(help_text="Counted to 1000 and no further.")


class MessagesOut(Input):
    messages = MessageOut(many=True)
    last_seq = serializers.IntegerField()


class SentOut(Input):
    success = serializers.BooleanField()
    message = MessageOut()


class EventOut(Input):
    seq = serializers.IntegerField()
    prev_seq = serializers.IntegerField()
    type = serializers.ChoiceField(TicketEvent.Type.choices)
    at = serializers.DateTimeField()
    actor = serializers.CharField(allow_null=True)
    actor_name = serializers.CharField(allow_null=True)
    data = serializers.DictField()  # type: ignore[assignment]


class EventsOut(Input):
    events = EventOut(many=True)
    head = serializers.IntegerField()
    has_more = serializers.BooleanField()


class CategoryOut(Input):
    name = serializers.CharField()
    form = serializers.ListField(child=serializers.DictField())


class OptionsOut(Input):
    enabled = serializers.BooleanField()
    categories = CategoryOut(many=True)
    priorities = serializers.ListField(child=serializers.CharField())
    owner_may_close = serializers.BooleanField()
    may_open = serializers.IntegerField(help_text="How many more tickets the caller may open now.")


class SuccessOut(Input):
    success = serializers.BooleanField()
    message = serializers.CharField(required=False)
