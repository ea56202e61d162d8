"""The questions a category asks when a ticket is opened, and what counts as an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from hazesite.errors import Unfit

Question = Mapping[str, Any]
LONGEST = {"text": 200, "paragraph": 2000, "date": 10}


def answered(questions: list[Question], given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The answers with their questions' labels, in the form's order. Raises `Unfit` with its `fields`."""
    problems = {f"answers.{name}": [_("This category does not ask that.")] for name in given}
    answers = []
    for question in questions:
        problems.pop(f"answers.{question['id']}", None)
        value = given.get(question["id"])
        if value in (None, "", []):
            if question["required"]:
                problems[f"answers.{question['id']}"] = [_("An answer is needed.")]
        elif not CHECKS[question["kind"]](value, question):
            problems[f"answers.{question['id']}"] = [_("That is no answer to this question.")]
        else:
            answers.append({**{key: question[key] for key in ("id", "label", "kind")}, "value": value})
    if problems:
        raise Unfit(_("Some answers are missing or not valid."), fields=problems)
    return answers


def _is_text(value: object, question: Question) -> bool:
    if not isinstance(value, str) or "\0" in value:  # PostgreSQL keeps no zero character
        return False
    return bool(value.strip()) and len(value) <= LONGEST[question["kind"]]


def _is_number(value: object, _question: Question) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 10**15


def _is_choice(value: object, question: Question) -> bool:
    return isinstance(value, str) and value in question["choices"]


def _are_choices(value: object, question: Question) -> bool:
    return (
        isinstance(value, list)
        and all(_is_choice(choice, question) for choice in value)
        and len(set(value)) == len(value)
    )


def _is_yes_or_no(value: object, _question: Question) -> bool:
    return isinstance(value, bool)


def _is_date(value: object, question: Question) -> bool:
    if not _is_text(value, question):
        return False
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return False
    return True


CHECKS: Mapping[str, Callable[[object, Question], bool]] = {
    "text": _is_text,
    "paragraph": _is_text,
    "number": _is_number,
    "choice": _is_choice,
    "choices": _are_choices,
    "yes_no": _is_yes_or_no,
    "date": _is_date,
}
