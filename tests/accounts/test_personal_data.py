"""Nothing that refers to a person is forgotten when one is exported or erased."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.db import models

from accounts.models import User
from hazesite import personal_data

DISCORD_ID = re.compile(r"(discord|member|user|author|owner|channel|webhook|message)_id$")
PERSONAL_FIELDS = (models.GenericIPAddressField, models.EmailField)


def refers_to_people(model: type[models.Model]) -> bool:
    fields = [field for field in model._meta.get_fields() if getattr(field, "concrete", False)]
    return any(
        (field.is_relation and field.related_model is User)
        or isinstance(field, PERSONAL_FIELDS)
        or (isinstance(field, models.BigIntegerField) and _is_discords(field))
        for field in fields
    )


def _is_discords(field: models.Field) -> bool:
    made_here = isinstance(field, models.AutoField)
    return not made_here and bool(DISCORD_ID.search(field.name) or field.primary_key)


MODELS = {model._meta.label: model for model in apps.get_models() if "_tests" not in model._meta.app_label}


def claimed() -> set[str]:
    return {label for part in personal_data.parts() for label in part.models}


@pytest.mark.parametrize("label", sorted(label for label, model in MODELS.items() if refers_to_people(model)))
def test_what_refers_to_people_is_claimed_or_excused(label):
    assert label in claimed() | personal_data.EXCUSED.keys(), (
        f"{label} refers to people: let a part of hazesite.personal_data export and erase it, "
        "or say with not_personal why it need not"
    )


def test_the_registry_names_models_that_exist_each_once():
    named = [label for part in personal_data.parts() for label in part.models]
    assert len(named) == len(set(named))
    assert set(named) | personal_data.EXCUSED.keys() <= MODELS.keys()
    assert not set(named) & personal_data.EXCUSED.keys()
    assert all(len(reason) > 10 for reason in personal_data.EXCUSED.values())
