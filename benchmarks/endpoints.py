"""What a request to the API costs: beside a bare Django view in the same server, and beside Flask.

    python -m benchmarks.endpoints                          # both, on SQLite and PostgreSQL
    python -m benchmarks.endpoints --setup sqlite --part bare --only list

bare    the hot calls, and a view that makes one query and answers 80 bytes, mounted in the same process
        behind the same middleware; what counts is the processor time of the server's process for each
        request. For comparison, the same view in a server without any middleware
flask   a ticket with its messages, here and from two Flask apps that verify the same token and session and
        give the same JSON (which is checked), under waitress and under gevent: one has plain SQL and
        nothing else, one has models (Flask-SQLAlchemy) and logs each request

It ends with an error when a call costs more than three times the view, or a ticket more than Flask.
Rounds go through all of them in turn. Servers run on one core and the client on another.
"""

from __future__ import annotations

import argparse
import json
import secrets
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.processes import CAN_PIN, ROOT, Place, Process, begin, client, load, place, versions

Found = dict[str, Any]
MEMBERS, SAID = 1000, 20
READERS = 400
"""Members whose tickets are read; the others write, so that what is read stays as long as it was."""
ALLOWED = 3.0
BARE, ALONE = "bare view, one query", "the same, no middleware"
RIVALS = {
    "Flask, plain SQL": "benchmarks.stacks.flask_tickets",
    "Flask, models": "benchmarks.stacks.flask_orm_tickets",
}
BARE_SETTINGS = "benchmarks.stacks.bare_settings"
AS_SHIPPED = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": secrets.token_urlsafe(48),
    "API_ADMIN_PASS": secrets.token_urlsafe(),
    "API_MONITORING_SECRET": secrets.token_urlsafe(),
}
"""Log lines as JSON, above all: those for people to read take half as long again."""


@dataclass
class Case:
    name: str
    server: Process
    requests: list[Found]
    cpu: list[float] = field(default_factory=list)
    """Milliseconds of the server's process, a request; one figure a round."""
    rate: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)

    def measure(self, node: Process, seconds: float, connections: int) -> None:
        asked = {"port": self.server.port, "connections": connections, "requests": self.requests}
        node.ask("closed", **asked, seconds=min(0.5, seconds))
        cpu = self.server.cpu()
        found = node.ask("closed", **asked, seconds=seconds)
        used = self.server.cpu() - cpu
        if set(found["statuses"]) != {"200"}:
            raise SystemExit(f"{self.name}: {found['statuses']}")
        self.cpu.append(used / found["count"] * 1000)
        self.rate.append(found["count"] / found["seconds"])
        self.p50.append(found["p50"])

    def ratio_to(self, other: Case) -> float:
        return statistics.median(mine / its for mine, its in zip(self.cpu, other.cpu, strict=True))

    def line(self, other: Case, *, limit: float | None = None) -> str:
        ratio = self.ratio_to(other)
        spread = f"{min(self.cpu):.2f}-{max(self.cpu):.2f}"
        over = "  OVER" if limit is not None and ratio > limit else ""
        return (
            f"{self.name:30}{statistics.median(self.cpu):8.2f} ms{spread:>14}"
            f"{statistics.median(self.rate):9.0f}/s{statistics.median(self.p50):9.1f} ms{ratio:8.2f}{over}"
        )


HEADS = f"{'':30}{'CPU each':>11}{'min-max':>14}{'rate':>11}{'p50':>12}{'ratio':>8}"


def bare_cases(server: Process, alone: Process, known: Found) -> list[Case]:
    members: list[Found] = known["members"]
    readers, writers = members[:READERS], members[READERS:]

    def each(path: str, of: list[Found], **more: str) -> list[Found]:
        return [{"path": path.format(**one), "token": one["token"], **more} for one in of]

    staff = [{"token": token} for token in known["staff"]]
    body = '{"message": "Since this morning nothing happens when I start it.", "client_nonce": "NUMBER"}'
    send = each("/api/tickets/{ticket}/send", writers, method="POST", body=body)
    return [
        Case(BARE, server, each("/bare/{ticket}", readers)),
        Case("GET ping", server, each("/api/ping", readers)),
        Case("GET tickets, a member's", server, each("/api/tickets", readers)),
        Case("GET tickets, staff, 10", server, each("/api/tickets?limit=10", staff)),
        Case("GET tickets, staff, 50", server, each("/api/tickets", staff)),
        Case(f"GET a ticket, {SAID} messages", server, each("/api/tickets/{ticket}", readers)),
        Case("GET events, none new", server, each("/api/tickets/{ticket}/events?after=25", readers)),
        Case("GET events, all", server, each("/api/tickets/{ticket}/events?after=0", readers)),
        Case("POST send", server, send),
        Case(ALONE, alone, each("/bare/{ticket}", readers)),
    ]


def bare(where: Place, known: Found, options: argparse.Namespace) -> bool:
    with ExitStack() as stack:
        bare_site = {"DJANGO_SETTINGS_MODULE": BARE_SETTINGS}
        server = stack.enter_context(where.serving(**bare_site))
        alone = stack.enter_context(where.serving(**bare_site, BARE_MIDDLEWARE="no"))
        node = stack.enter_context(client(where))
        wanted = (BARE, ALONE)
        cases = [
            case
            for case in bare_cases(server, alone, known)
            if case.name in wanted or options.only in case.name
        ]
        rounds(cases, node, options)
        print(f"\nbeside a bare view, {where.name}\n{HEADS}")
        for case in cases:
            print(case.line(cases[0], limit=None if case.name in wanted else ALLOWED))
    return all(case.ratio_to(cases[0]) <= ALLOWED for case in cases)


def flask(where: Place, known: Found, options: argparse.Namespace) -> bool:
    if subprocess.run(
        [options.rivals, "-c", "import flask_sqlalchemy, gevent, waitress, jwt, psycopg"]
    ).returncode:
        print("(Flask left out: give --rivals, a Python with benchmarks/requirements.txt)")
        return True
    told = {"JWT_KEY": known["jwt_key"], "SQLITE": known["sqlite"]}
    readers = known["members"][:READERS]
    requests = [{"path": f"/api/tickets/{one['ticket']}", "token": one["token"]} for one in readers]
    with ExitStack() as stack:
        servers = {"this server": stack.enter_context(where.serving())}
        for what, module in RIVALS.items():
            for under in (("-m", module, "waitress"), ("-m", "gevent.monkey", "--module", module, "gevent")):
                server = stack.enter_context(where.serving(options.rivals, *under, path="/", **told))
                servers[f"{what}, {under[-1]}"] = server
        node = stack.enter_context(client(where))
        answers = {
            name: node.ask("ask", port=server.port, request=requests[0]) for name, server in servers.items()
        }
        assert_same(answers)
        cases = [Case(name, server, requests) for name, server in servers.items()]
        rounds(cases, node, options)
        print(f"\na ticket of {SAID} messages, {where.name} (ratio: this server's CPU to theirs)\n{HEADS}")
        for case in cases:
            # The other way round than above: what is ours, in theirs.
            print(case.line(case)[: -len("    1.00")] + f"{cases[0].ratio_to(case):8.2f}")
    return all(cases[0].ratio_to(case) < 1 for case in cases[1:])


def assert_same(answers: dict[str, Found]) -> None:
    bodies = {name: json.loads(answer["body"]) for name, answer in answers.items()}
    ours = bodies["this server"]
    for name, theirs in bodies.items():
        if theirs != ours:
            which = [key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)]
            raise SystemExit(f"{name} answers differently in {', '.join(which)}")


def rounds(cases: list[Case], node: Process, options: argparse.Namespace) -> None:
    for _ in range(options.rounds):
        for case in cases:
            case.measure(node, options.seconds, options.connections)


def rival_versions(python: str) -> str:
    names = ("flask", "flask-sqlalchemy", "sqlalchemy", "waitress", "gevent", "pyjwt", "psycopg")
    code = f"import importlib.metadata as m; print(', '.join(f'{{n}} {{m.version(n)}}' for n in {names}))"
    told = subprocess.run([python, "-c", code], capture_output=True, text=True, cwd=ROOT)
    return told.stdout.strip() or "no Flask here"


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--setup", choices=("sqlite", "postgres"), nargs="+", default=["sqlite", "postgres"])
    parser.add_argument("--part", choices=("bare", "flask"), nargs="+", default=["bare", "flask"])
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--seconds", type=float, default=3, help="of each case in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--rivals", default=sys.executable, help="a Python with benchmarks/requirements.txt")
    pin = "servers on one core, the client on another (the default with taskset and two cores)"
    parser.add_argument("--pin", action=argparse.BooleanOptionalAction, default=CAN_PIN, help=pin)
    return parser.parse_args()


def main() -> int:
    options = parsed()
    begin()
    print(versions("django", "djangorestframework", "uvicorn"))
    print(f"rivals: {rival_versions(options.rivals)}")
    kept = True
    for kind in options.setup:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="endpoints-")))
            where = stack.enter_context(place(kind, folder, pin=options.pin, **AS_SHIPPED))
            print(f"\n## {kind}; {load()}", flush=True)
            known = where.members(options.members, SAID)
            if "bare" in options.part:
                kept &= bare(where, known, options)
            if "flask" in options.part:
                kept &= flask(where, known, options)
    print(f"\n{load()} at the end")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
