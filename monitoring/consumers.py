from __future__ import annotations

from accounts.roles import STAFF
from hazesite.errors import NotAllowed
from hazesite.realtime.consumers import SocketConsumer
from hazesite.realtime.hub import hub
from hazesite.realtime.publication import Frame
from hazesite.realtime.sinks import Sink
from monitoring.live import ROOM, lookout


class MonitorsConsumer(SocketConsumer):
    """`/ws/monitors/`, for staff: `monitor_update` with what changed, from now on.

    What was before is read from a page, after `joined_monitors` has come.
    """

    async def enter(self, sink: Sink) -> None:
        if sink.identity.role not in STAFF:
            raise NotAllowed
        hub.subscribe(sink, ROOM).open(0)
        lookout.begin()
        sink.push(Frame.of("joined_monitors", {}))
