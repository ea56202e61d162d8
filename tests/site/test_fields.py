from __future__ import annotations

import pytest
from rest_framework.serializers import ValidationError

from hazesite.api import parsed
from tickets.serializers import MessageIn


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("half a character \udc00", "surrogate_characters_not_allowed"),
        ("\0", "null_characters_not_allowed"),
        (" \n", "blank"),
        ("x" * 4001, "max_length"),
        (7, "invalid"),
    ],
)
def test_a_text_that_is_none_is_refused(text, code):
    with pytest.raises(ValidationError) as refused:
        parsed(MessageIn, {"message": text})
    assert [error.code for error in refused.value.detail["message"]] == [code]


@pytest.mark.parametrize("text", ["😀 ü \ufffd", " as it is ", "x" * 4000])
def test_any_other_is_kept_as_it_was_written(text):
    assert parsed(MessageIn, {"message": text})["message"] == text
