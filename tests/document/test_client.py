"""A client that is made of the document alone talks with the site."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving import PASSWORDS, ROOT, web_alone

pytestmark = [pytest.mark.workers, pytest.mark.server, pytest.mark.once]
SESSION = """
import sys
from hazebot_api_client import AuthenticatedClient, Client
from hazebot_api_client.api.auth import post_auth_login
from hazebot_api_client.api.tickets import get_tickets, post_tickets
from hazebot_api_client.api.users import get_users_me
from hazebot_api_client.models import LoginInRequest, OpenTicketInRequest, TokenOut

url, name, password = sys.argv[1:]
token = post_auth_login.sync(client=Client(url), body=LoginInRequest(username=name, password=password))
assert isinstance(token, TokenOut), token
client = AuthenticatedClient(url, token.token, raise_on_unexpected_status=True)
ticket = OpenTicketInRequest(subject="It does not start", description="Since this morning nothing happens.")
made = post_tickets.sync(client=client, body=ticket)
listed = get_tickets.sync(client=client)
assert [one.ticket_id for one in listed.tickets] == [made.ticket_id]
print(get_users_me.sync(client=client).username)
"""


@pytest.mark.timeout(300)
def test_a_generated_client_signs_in_and_reads(tmp_path):
    made = tmp_path / "client"
    making = [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning"]
    config = tmp_path / "config.yaml"
    config.write_text("content_type_overrides: {image/png: application/octet-stream}\n")
    making += ["--config", str(config)]
    making += [
        "--meta",
        "none",
        "--path",
        str(ROOT / "openapi.yaml"),
        "--output-path",
        str(made / "hazebot_api_client"),
    ]
    # The generator calls ruff by its name, and the environment of this Python need not be on the path.
    beside = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    said = subprocess.run(making, capture_output=True, text=True, cwd=tmp_path, env=beside)
    assert said.returncode == 0, said.stdout + said.stderr

    with web_alone(tmp_path / "data") as server:
        talking = [sys.executable, "-c", SESSION, server.url, "alice", PASSWORDS["alice"]]
        heard = subprocess.run(talking, capture_output=True, text=True, cwd=made)
    assert (heard.returncode, heard.stdout) == (0, "alice\n"), heard.stderr
