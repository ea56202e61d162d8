"""The committed nginx configuration, on ports of this machine and with a certificate of a test's own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import trustme

from tests.serving import ROOT, Server, free_port

TEMPLATE = ROOT / "deploy/nginx/api-haze-pro.conf.template"
COMPOSE = ROOT / "compose.yml"
EXAMPLE = ROOT / "deploy/nginx/auth-request.conf.example"
MAIN = """
daemon off; pid {folder}/pid; error_log stderr; {user}
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@dataclass
class Nginx:
    folder: Path
    http: int
    https: int
    trust: ssl.SSLContext
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"https://localhost:{self.https}"

    @property
    def authority(self) -> Path:
        return self.folder / "authority.pem"

    def client(self, token: str = "") -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, verify=self.trust, headers=headers, timeout=30)

    def log(self, kind: str = "access") -> str:
        return (self.folder / f"api-haze-pro-{kind}.log").read_text()


def render(text: str, **values: str) -> str:
    """As `envsubst` does."""
    for name, value in values.items():
        assert f"${{{name}}}" in text, name
        text = text.replace(f"${{{name}}}", value)
    assert "${" not in text
    return text


def rendered(folder: Path, ports: list[int], http: int, https: int) -> str:
    (told,) = re.findall(r"hazebot-api:5070 resolve (max_fails=\S+ fail_timeout=\S+;)", COMPOSE.read_text())
    servers = " ".join(f"server 127.0.0.1:{port} {told}" for port in ports)
    return render(
        TEMPLATE.read_text(),
        SERVER_NAME="localhost",
        WEB_SERVERS=servers,
        TLS_FOLDER=str(folder),
        ACME_FOLDER=str(folder / "acme"),
        LOG_FOLDER=str(folder),
        EXTRA_LOCATIONS=str(folder / "extra/*.conf"),
        HTTP_PORT=f"127.0.0.1:{http}",
        HTTPS_PORT=f"127.0.0.1:{https}",
    )


@contextmanager
def nginx(
    folder: Path, servers: list[Server], https: int, changed: dict[str, str] | None = None
) -> Iterator[Nginx]:
    """`changed`: what stands in the configuration, and what this test has there instead."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    assert Path(program).exists(), "nginx is not installed; Debian has it as nginx-light"
    http = free_port()
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.private_key_pem.write_to_path(folder / "privkey.pem")
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(folder / "fullchain.pem", append=True)
    authority.cert_pem.write_to_path(folder / "authority.pem")
    (folder / "acme/.well-known/acme-challenge").mkdir(parents=True)
    (folder / "acme/.well-known/acme-challenge/word").write_text("the answer")
    site = rendered(folder, [server.port for server in servers], http, https)
    for before, after in (changed or {}).items():
        assert before in site
        site = site.replace(before, after)
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(
        MAIN.format(folder=folder, user="user root;" if os.geteuid() == 0 else "")
    )
    with (folder / "nginx.out").open("ab") as out:
        command = [program, "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
        process = subprocess.Popen(command, stdout=out, stderr=out)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    try:
        _await_port(https, process, folder)
        yield Nginx(folder, http, https, trust, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _await_port(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError((folder / "nginx.out").read_text())
