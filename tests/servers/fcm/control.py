"""`POST /_test/<method>` with a JSON object of its arguments: the operations from another process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from tests.servers.fcm.operations import Operations


class Control:
    def __init__(self, operations: Operations) -> None:
        self.operations = operations

    async def serve(self, request: web.Request) -> web.Response:
        """200 with what the method gives; 400 says why it could not be done, and then nothing was."""
        name = request.match_info["method"]
        if name.startswith("_") or name == "phone" or name not in vars(type(self.operations)):
            return answer(404, {"error": f"There is no {name}."})
        try:
            arguments = json.loads(await request.read() or b"{}")
            return answer(200, getattr(self.operations, name)(**arguments))
        except (TypeError, ValueError, KeyError) as error:
            return answer(400, {"error": f"{type(error).__name__}: {error}"})


def answer(status: int, body: Any) -> web.Response:
    return web.Response(status=status, text=json.dumps(body), content_type="application/json")
