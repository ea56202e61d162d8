"""Fan-out: what it costs a server to tell many sockets one thing, here and in what this server replaces.

    python -m benchmarks.fanout                  # all scenarios, about five minutes
    python -m benchmarks.fanout --scenario room  # one of: room, pairs, slow

Every stack runs in one process of its own, with all sockets of a scenario connected; the rounds go through
the stacks in turn, so that whatever else the machine does meets all of them. A client process (Node.js, no
packages) holds the sockets. A message is published inside the server, at the word of one more socket.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.processes import (
    CAN_PIN,
    CLIENT_CORE,
    ROOT,
    Place,
    Process,
    begin,
    load,
    versions,
)
from tests.serving import free_port

CLIENT = ROOT / "benchmarks" / "node" / "fanout.mjs"
QUIET = {"RATELIMIT_ENABLE": "false", "LOG_LEVEL": "warning"}
TEXT = 200
"""Characters of a message's text; with its envelope a message has about 650 bytes."""
WARM = 10
"""Sockets that are connected before memory is measured: the first ones load what all others share."""


@dataclass
class Stack:
    name: str
    module: str
    door: str
    """socketio or websocket."""
    foreign: bool = False
    """Runs on the Python of --rivals."""


STACKS = [
    Stack("hub, Socket.IO", "ours", "socketio"),
    Stack("hub, WebSocket", "ours", "websocket"),
    Stack("Flask-SocketIO, gevent", "flask_socketio_gevent", "socketio", foreign=True),
    Stack("python-socketio emit", "python_socketio", "socketio"),
    Stack("Channels group_send", "channels_groups", "websocket"),
]


@dataclass
class Scenario:
    name: str
    rooms: int
    batch: int
    """How many rooms one command publishes to."""
    window: int
    """How many commands are under way at once in a burst."""
    rate: float
    """Commands a second in the steady phase."""


@dataclass
class Run:
    """One stack with its sockets connected."""

    stack: Stack
    rooms: int
    members: int
    python: str
    where: Place
    rounds: list = field(default_factory=list)
    bytes_per_socket: float = 0.0
    server: Process = None
    client: Process = None
    ends: ExitStack = field(default_factory=ExitStack)

    def start(self):
        ready = self._start_server()
        client = ["node", str(CLIENT), json.dumps(self._plan(ready))]
        self.client = self.ends.enter_context(self.where.running(client, CLIENT_CORE, PIPED="yes"))
        self.client.ask("control")
        self.client.ask("connect", first=0, last=WARM)
        time.sleep(0.5)
        before = self.server.memory()
        total = self.rooms * self.members
        self.connecting = self.client.ask("connect", first=WARM, last=total)["seconds"]
        time.sleep(0.5)
        self.bytes_per_socket = (self.server.memory() - before) * 2**20 / (total - WARM)

    def _start_server(self):
        command = [self.python, "-m", f"benchmarks.stacks.{self.stack.module}", str(self.rooms)]
        port = free_port()
        running = self.where.running(command, API_PORT=str(port), PIPED="yes")
        self.server = self.ends.enter_context(running)
        self.server.port = port
        # It names its rooms first, more than a pipe may hold; the others' rooms have set names.
        ready = json.loads(self.server.running.stdout.readline()) if self.stack.module == "ours" else {}
        self.where.await_answer(self.server, "/", below=600)  # not all of them have a page
        return ready

    def _plan(self, ready):
        """How a client comes in: each greeting is what the server says, and the answer to it."""
        ours, in_json = self.stack.module == "ours", '{"first":FIRST,"count":COUNT,"size":SIZE}'
        hello = f"40{json.dumps({'token': ready.get('token')})}" if ours else "40"
        path, mark = "/socket.io/?EIO=4&transport=websocket", 4
        control = {"path": path, "greeting": [["0{", hello], ["40", None]]}
        publish = f'42["publish",{in_json}]'
        if self.stack.door == "socketio":
            join = '42["join_ticket",{"ticket_id":"ROOM"}]' if ours else '42["join","ROOM"]'
            greeting = [["0{", hello], ["40", join], ['42["joined', None]]
        elif ours:
            path, mark = f"/ws/tickets/ROOM/?token={ready['token']}", 9
            greeting = [['{"type":"message_history"', None]]
        else:
            path, mark, greeting, publish = "/ROOM/", 10, [['{"type": "joined"', None]], in_json
            control = {"path": "/control/", "greeting": greeting}
        return {
            "port": self.server.port,
            "path": path,
            "greeting": greeting,
            "control": control,
            "publish": publish,
            "mark": {"at": mark, "byte": ord("n")},
            "members": self.members,
            "rooms": ready.get("rooms") or [f"r{n}" for n in range(self.rooms)],
        }

    def measure(self, scenario, seconds):
        common = {"batch": scenario.batch, "size": TEXT, "seconds": seconds}
        cpu = self.server.cpu()
        burst = self.client.ask("burst", window=scenario.window, **common)
        used = self.server.cpu() - cpu
        steady = self.client.ask("steady", rate=scenario.rate, **common)
        self.rounds.append(
            {
                "cpu": used / max(1, burst["received"]) * 1e6,
                "rate": burst["received"] / burst["seconds"],
                "p50": steady["p50"],
                "p99": steady["p99"],
                "client": burst["client_load"],
                "lost": sum(phase["expected"] - phase["received"] for phase in (burst, steady)),
                "disorder": steady["disorder"],
            }
        )

    def median(self, name):
        return statistics.median(measured[name] for measured in self.rounds)

    def total(self, name):
        return sum(measured[name] for measured in self.rounds)


def runs_of(arguments, rooms, members, folder):
    for number, stack in enumerate(STACKS):
        if arguments.only and not any(word in stack.name.lower() for word in arguments.only):
            continue
        python = arguments.rivals if stack.foreign else sys.executable
        if stack.foreign and subprocess.run([python, "-c", "import flask_socketio, gevent"]).returncode:
            print(f"(left out: {stack.name}; install benchmarks/requirements.txt or give --rivals)")
            continue
        where = Place(stack.name, folder / f"{rooms}-{number}", QUIET, arguments.pin)
        where.folder.mkdir(parents=True)
        yield Run(stack, rooms, members, python, where)


def compare(arguments, scenario, folder):
    members = max(1, arguments.sockets // scenario.rooms)
    print(f"\n## {scenario.name.format(rooms=scenario.rooms, members=members)}", flush=True)
    runs = []
    try:
        for run in runs_of(arguments, scenario.rooms, members, folder):
            runs.append(run)
            run.start()
        for _ in range(arguments.rounds):
            for run in runs:
                run.measure(scenario, arguments.seconds)
    finally:
        for run in runs:
            run.ends.close()
    show(runs)


def show(runs):
    print(
        f"{'':24}{'µs CPU':>8}{'min-max':>14}{'deliveries/s':>14}{'p50 ms':>8}{'p99 ms':>8}{'KB/socket':>11}"
        f"{'connects/s':>12}{'client':>8}{'lost':>6}{'disorder':>10}"
    )
    for run in runs:
        costs = [measured["cpu"] for measured in run.rounds]
        connects = (run.rooms * run.members - WARM) / run.connecting
        print(
            f"{run.stack.name:24}{run.median('cpu'):8.1f}{f'{min(costs):.1f}-{max(costs):.1f}':>14}"
            f"{run.median('rate'):14,.0f}{run.median('p50'):8.1f}{run.median('p99'):8.1f}"
            f"{run.bytes_per_socket / 1024:11.1f}{connects:12.0f}{run.median('client'):8.0%}"
            f"{run.total('lost'):6.0f}{run.total('disorder'):10.0f}"
        )
    for ours in runs:
        if ours.stack.module != "ours":
            continue
        for rival in runs:
            if rival.stack.module != "ours":
                cost = rival.median("cpu") / ours.median("cpu")
                rate = ours.median("rate") / rival.median("rate")
                print(
                    f"{ours.stack.name} against {rival.stack.name}: {cost:.1f}x in CPU, {rate:.1f}x in rate"
                )


def slow(arguments, folder):
    members, big = 101, 8000
    print(f"\n## One of {members} sockets reads nothing: {arguments.messages} messages of {big} characters")
    heads = (
        f"{'':24}{'all read: s':>12}{'p99 ms':>8}{'one stalls: s':>15}{'p99 ms':>8}{'lost':>6}{'MB more':>9}"
    )
    print(f"{heads}  the stalled one")
    for run in runs_of(arguments, 1, members, folder):
        try:
            run.start()
            common = {
                "publications": arguments.messages,
                "window": 4,
                "batch": 1,
                "size": big,
                "detailed": True,
            }
            run.client.ask("burst", window=4, batch=1, size=big, publications=50)
            free = run.client.ask("burst", **common)
            run.client.ask("stall")
            before = run.server.memory()
            stalled = run.client.ask("burst", **common, healthy=members - 1)
            more = run.server.memory() - before
            end = run.client.ask("resume")
        finally:
            run.ends.close()
        told = end["trouble"] or end["closed"]
        print(
            f"{run.stack.name:24}{free['seconds']:12.2f}{free['p99']:8.1f}{stalled['seconds']:15.2f}"
            f"{stalled['p99']:8.1f}{stalled['expected'] - stalled['received']:6}{more:9.1f}  "
            f"{f'told off ({told}) when it reads again' if told else 'served on from a backlog in memory'}",
            flush=True,
        )


def tell_versions(arguments):
    print(versions("uvicorn", "uvloop", "websockets", "channels", "python-socketio", "python-engineio"))
    code = (
        "import importlib.metadata as m; "
        "print(', '.join(f'{n} {m.version(n)}' for n in ('flask-socketio', 'gevent', 'gevent-websocket')))"
    )
    rivals = subprocess.run([arguments.rivals, "-c", code], capture_output=True, text=True)
    print(f"rivals: {rivals.stdout.strip() or 'not installed'}")
    print(load())


def parsed():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenario", choices=("all", "room", "pairs", "slow"), default="all")
    parser.add_argument("--sockets", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of each of the two phases of a round")
    parser.add_argument("--messages", type=int, default=1500, help="of the scenario slow")
    parser.add_argument("--only", nargs="*", default=[], help="stacks whose names have one of these words")
    parser.add_argument("--rivals", default=sys.executable, help="a Python with benchmarks/requirements.txt")
    pin = "servers on core 0, clients on core 1 (the default with taskset and two cores)"
    parser.add_argument("--pin", action=argparse.BooleanOptionalAction, default=CAN_PIN, help=pin)
    return parser.parse_args()


def main():
    arguments = parsed()
    begin()
    tell_versions(arguments)
    sockets = arguments.sockets
    pairs = max(1, sockets // 2)
    scenarios = {
        "room": Scenario("{rooms} room of {members}", 1, 1, 4, 5),
        "pairs": Scenario("{rooms} rooms of {members}", pairs, min(50, pairs), 4, 4),
    }
    with tempfile.TemporaryDirectory(prefix="fanout-") as folder:
        for name, scenario in scenarios.items():
            if arguments.scenario in ("all", name):
                compare(arguments, scenario, Path(folder))
        if arguments.scenario in ("all", "slow"):
            slow(arguments, Path(folder))
    print(f"\nat the end {load()}")


if __name__ == "__main__":
    main()
