from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.roles import Role


@dataclass(frozen=True)
class Console:
    """Whoever may run commands on this machine, as the actor of a service. The audit log names nobody."""

    pk: int | None = None
    role: str = Role.ADMIN
    is_admin: bool = True
    is_staff: bool = True


CONSOLE: Any = Console()
