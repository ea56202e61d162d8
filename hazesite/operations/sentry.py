"""Unforeseen errors for a Sentry, where SENTRY_DSN names one.

It hears what error reports hear, the exceptions that are logged, and tells their types and our lines. Never
told: values (the text of an exception may quote a person), local variables, requests, or who it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sentry_sdk
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration

from hazesite import logs


def start(dsn: str, environment: str, release: str) -> None:
    """Sending is a thread's business; what cannot be sent is dropped."""
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        release=f"hazebot@{release}",
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[AtexitIntegration(callback=lambda _pending, _timeout: None), DedupeIntegration()],
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        server_name="hazebot",
        before_send=_scrubbed,
        traces_sample_rate=None,
        shutdown_timeout=2,
    )
    logs.WATCHERS.append(tell)


def tell(error: BaseException, line: Mapping[str, Any]) -> None:
    with sentry_sdk.new_scope() as scope:
        scope.set_tag("request_id", str(line.get("request_id", "")))
        scope.capture_exception(error)


def _scrubbed(event: Any, _hint: Any) -> Any:
    for exception in event.get("exception", {}).get("values", []):
        exception["value"] = ""
    for part in ("user", "extra", "breadcrumbs", "request"):
        event.pop(part, None)
    return logs.hide_secrets(None, "", event)
