"""What migrations of several apps share."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations import AlterField
from django.db.migrations.state import ProjectState


class WithoutOwnIndex(AlterField):
    """A foreign key's own index goes, another one beginning with it; nothing else of the field changes.

    Django would make the whole table anew for that on SQLite.
    """

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """No other model is made anew, as it would be for a key that points elsewhere."""
        state.models[app_label, self.model_name_lower].fields[self.name] = self.field
        state.reload_model(app_label, self.model_name_lower, delay=True)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: Any,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        for name in self._indexes(schema_editor, model):
            schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")

    def database_backwards(
        self,
        app_label: str,
        schema_editor: Any,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        field = model._meta.get_field(self.name)
        schema_editor.execute(schema_editor._create_index_sql(model, fields=[field]))

    def _indexes(self, schema_editor: Any, model: Any) -> list[str]:
        column, declared = model._meta.get_field(self.name).column, {one.name for one in model._meta.indexes}
        kind = {"index": True, "unique": False, "primary_key": False}
        return list(schema_editor._constraint_names(model, [column], **kind, exclude=declared))
