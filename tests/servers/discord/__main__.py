"""`python -m tests.servers.discord --port 3900`: this Discord as a program, for a demo or another process."""

from __future__ import annotations

import argparse
import json
import threading

from tests.servers.discord import DiscordServer
from tests.servers.discord.community import Portal


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.servers.discord", description=__doc__)
    parser.add_argument("--port", type=int, default=3900)
    parser.add_argument("--token", help="of the bot; made up when left out")
    parser.add_argument("--client-secret", help="for OAuth2; made up when left out")
    wanted = parser.parse_args()
    portal = Portal()
    portal.token = wanted.token or portal.token
    portal.client_secret = wanted.client_secret or portal.client_secret
    server = DiscordServer(wanted.port, portal).start()
    names = ("api_url", "gateway_url", "cdn_url", "token", "guild_id", "application_id", "client_secret")
    print(json.dumps({name: str(getattr(server, name)) for name in names}, indent=2), flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        server.stop()


if __name__ == "__main__":
    main()
