"""The types of monitors there are: our own, and those of packages that are installed beside us."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import entry_points

import structlog

from monitoring.types.base import GROUP, Context, Failed, MonitorType, Result, Watched
from monitoring.types.discord_bot import DiscordBot
from monitoring.types.dns import Dns
from monitoring.types.ping import Ping
from monitoring.types.port import Port
from monitoring.types.push import Push
from monitoring.types.socketio import SocketIO
from monitoring.types.tls import Tls
from monitoring.types.web import Http, Json, Keyword

__all__ = ["GROUP", "Context", "Failed", "MonitorType", "Result", "Watched", "types"]

logger = structlog.get_logger(__name__)
OWN: tuple[type[MonitorType], ...] = (
    Http, Keyword, Json, Ping, Port, Dns, Tls, Push, SocketIO, DiscordBot,
)  # fmt: skip


@cache
def types() -> Mapping[str, MonitorType]:
    """By name, our own first. A package that cannot be loaded, or takes a name that is taken, is left out."""
    found = {one.name: one() for one in OWN}
    for made in _of_packages():
        if made.name in found:
            logger.warning("monitor_type_not_used", name=made.name, reason="the name is taken")
        else:
            found[made.name] = made
    return found


def _of_packages() -> Iterable[MonitorType]:
    for point in sorted(entry_points(group=GROUP), key=lambda one: (one.name, one.value)):
        try:
            made = point.load()()
            if not isinstance(made, MonitorType):
                raise TypeError("it is no MonitorType")
            yield made
        except Exception as error:
            logger.warning("monitor_type_not_used", name=point.name, reason=repr(error), exc_info=error)
