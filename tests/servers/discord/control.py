"""`POST /_test/<method>` with a JSON object of its arguments: the same deeds from another process."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.servers.discord.errors import ApiError
from tests.servers.discord.people import Impossible

if TYPE_CHECKING:
    from tests.servers.discord.app import Site

SAFE_INTEGER = 1 << 53


class Control:
    """Looks the method up among what people, their clients and the operators do."""

    def __init__(self, site: Site) -> None:
        self.actors = (site.people, site.interface, site.operations)

    async def serve(self, request: web.Request) -> web.Response:
        """200 with what the method gives; 400 and 409 say why it could not be done, and then nothing was."""
        name = request.match_info["method"]
        deed = next((getattr(one, name) for one in self.actors if name in vars(type(one))), None)
        if deed is None or name.startswith("_"):
            return answer(404, {"error": f"There is no {name}."})
        try:
            arguments = json.loads(await request.read() or b"{}")
            return answer(200, sendable(deed(**arguments)))
        except (TypeError, ValueError, KeyError) as error:
            return answer(400, {"error": f"{type(error).__name__}: {error}"})
        except (ApiError, Impossible) as error:
            return answer(409, {"error": str(error)})


def answer(status: int, body: Any) -> web.Response:
    return web.Response(status=status, text=json.dumps(body), content_type="application/json")


def sendable(value: Any) -> Any:
    """Bytes as base64, ids as text, as JSON readers in other languages lose digits of such numbers."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, int) and not isinstance(value, bool) and value > SAFE_INTEGER:
        return str(value)
    if isinstance(value, dict):
        return {str(name): sendable(each) for name, each in value.items()}
    return [sendable(each) for each in value] if isinstance(value, (list, tuple, set)) else value
