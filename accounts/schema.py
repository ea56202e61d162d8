"""How the OpenAPI document calls our tokens."""

from __future__ import annotations

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.BearerAuthentication"
    match_subclasses = True
    name = "bearer"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "From `POST /api/auth/login`. Lives seven days at most.",
        }


class RefreshableBearerScheme(BearerScheme):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.RefreshableBearer"
    name = "refreshable_bearer"
