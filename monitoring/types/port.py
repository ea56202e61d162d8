from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from monitoring.types.base import Context, MonitorType, Result, Watched


class Port(MonitorType):
    """Up while a TCP connection is accepted."""

    name = "port"
    title = _("Port")
    needs = ("host", "port")

    async def check(self, watched: Watched, context: Context) -> Result:
        _reader, writer = await context.connections.open(watched.host, watched.port or 0)
        writer.close()
        return Result(is_up=True)
