"""What a type of monitor is: one small class that judges settings and makes checks.

A package adds its own by an entry point of the group `hazebot.monitor_types` that names such a class.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hazesite.fields import Strict
from monitoring.connecting import Connections
from monitoring.errors import DoesNotFit, judge

T = TypeVar("T")
GROUP = "hazebot.monitor_types"


@dataclass(frozen=True, slots=True)
class Watched:
    """What a check knows of its monitor."""

    monitor_id: int
    type: str
    interval: float
    timeout: float
    created_at: datetime
    url: str = ""
    host: str = ""
    port: int | None = None
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    expected_status: str = "200-299"
    expected_text: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    uses_monitoring_token: bool = False
    pushed_at: datetime | None = None
    pushed_message: str = ""
    pushed_ms: float | None = None
    checked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """`is_up` None: it could not be told from here, which is no downtime."""

    is_up: bool | None
    error: str = ""
    status_code: int | None = None
    answer: str = ""
    response_ms: float | None = None
    """Empty: the engine measures the whole attempt."""
    certificate_expires_at: datetime | None = None
    next_at: datetime | None = None
    """When to look again, for types that know better than the grid."""
    unreachable: bool = False
    """Nothing came back at all: it may as well be this host's own network."""


class Failed(Exception):
    """The target is not as it should be. Checks may raise it instead of giving a `Result`."""

    def __init__(self, error: str, **facts: Any) -> None:
        super().__init__(error)
        self.result = Result(is_up=False, error=error, **facts)


class Context(Protocol):
    """What the engine gives to checks."""

    @property
    def connections(self) -> Connections:
        """The only way to targets: it judges each address."""

    def now(self) -> datetime: ...

    async def token(self) -> str:
        """The newest monitoring token of this site; empty when there is none."""

    def database(self, work: Callable[..., T], *args: Any) -> Awaitable[T]:
        """Run a function that asks the database, beside the event loop."""


class NoOptions(Strict):
    pass


class MonitorType(ABC):
    name: ClassVar[str]
    title: ClassVar[str | Promise]
    needs: ClassVar[Sequence[str]] = ()
    """The settings that must not be empty: `url`, `host`, `port`, `expected_text`."""
    options: ClassVar[type[Strict]] = NoOptions
    """What `options` may hold. Unknown keys are refused."""
    connects: ClassVar[bool] = True
    """Whether checks connect to `url` or `host`, so that the address is judged when it is stored."""
    usual_port: ClassVar[int] = 0
    timed: ClassVar[bool] = True
    """Whether an attempt takes as long as the target needs to answer; else only the type can tell."""

    def clean(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The settings of a monitor as this type wants them. Raises `DoesNotFit` with the names of fields."""
        wrong: dict[str, list[object]] = {
            name: [_("It is needed for a monitor of this type.")]
            for name in self.needs
            if not fields.get(name)
        }
        if wrong:
            raise DoesNotFit.by(wrong)
        return {**fields, "options": self.clean_options(fields.get("options") or {})}

    def clean_options(self, given: dict[str, Any]) -> dict[str, Any]:
        """Raises `DoesNotFit`."""
        return judge(self.options(data=given), "options")

    @abstractmethod
    async def check(self, watched: Watched, context: Context) -> Result:
        """One attempt. It is cancelled after `watched.timeout` seconds, which counts as a failure.

        `OSError` and `Failed` are failures too; what else it raises is a fault of the type: nobody is
        alerted, and the monitor is unknown.
        """
