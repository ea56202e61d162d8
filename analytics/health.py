from __future__ import annotations

from django.apps import apps

from hazesite.health.registry import Result, check, ok


@check("analytics")
def analytics() -> Result:
    """Switched on where there is something to collect it in."""
    return ok(enabled=any(apps.get_app_config("analytics").get_models()))
