from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # has no types
    """Hashed names inside JavaScript modules too: after a deployment no page mixes old and new ones."""

    support_js_module_import_aggregation = True
