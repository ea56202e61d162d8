"""A row that is written often has no index that says what another says."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, models
from django.db.migrations.state import ProjectState

from hazesite.migrating import WithoutOwnIndex
from tickets.models import TicketTag

OURS = [
    model
    for model in apps.get_models()
    if (settings.BASE_DIR / model.__module__.partition(".")[0]).is_dir() and model._meta.managed
]


def beginnings(model):
    """The first column of each index over all rows."""
    for one in (*model._meta.constraints, *model._meta.indexes):
        if isinstance(one, (models.UniqueConstraint, models.Index)) and one.condition is None and one.fields:
            yield one.fields[0].removeprefix("-")


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_no_foreign_key_has_an_index_where_another_begins_with_it(model):
    fields = [field for field in model._meta.local_fields if isinstance(field, models.ForeignKey)]
    twice = {field.name for field in fields if field.db_index and not field.unique} & {*beginnings(model)}
    assert not twice, "db_index=False, and in the migration `hazesite.migrating.WithoutOwnIndex`"


def own_indexes(column="ticket_id"):
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, TicketTag._meta.db_table).values()
    return [one for one in found if one["index"] and not one["unique"] and one["columns"] == [column]]


@pytest.mark.django_db(transaction=True)
def test_only_the_index_goes_and_comes_back():
    assert not own_indexes()
    state = ProjectState.from_apps(apps)
    operation = WithoutOwnIndex("TicketTag", "ticket", TicketTag._meta.get_field("ticket"))
    with connection.schema_editor() as editor:
        operation.database_backwards("tickets", editor, state, state)
    assert len(own_indexes()) == 1
    with connection.schema_editor() as editor:
        operation.database_forwards("tickets", editor, state, state)
    assert not own_indexes()
