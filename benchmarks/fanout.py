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
import os
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
CLIENT = ROOT / "benchmarks" / "node" / "fanout.mjs"
TICKS = os.sysconf("SC_CLK_TCK")
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


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Run:
    """One stack with its sockets connected."""

    stack: Stack
    rooms: int
    members: int
    python: str
    pinned: bool
    data: Path
    port: int = field(default_factory=free_port)
    rounds: list = field(default_factory=list)
    bytes_per_socket: float = 0.0
    server: subprocess.Popen = None
    client: subprocess.Popen = None

    def start(self):
        ready = self._start_server()
        self.client = self._spawn(
            1, ["node", str(CLIENT), json.dumps(self._plan(ready))], stdin=subprocess.PIPE
        )
        self.ask("control")
        self.ask("connect", first=0, last=WARM)
        time.sleep(0.5)
        before = self.memory()
        total = self.rooms * self.members
        self.connecting = self.ask("connect", first=WARM, last=total)["seconds"]
        time.sleep(0.5)
        self.bytes_per_socket = (self.memory() - before) / (total - WARM)

    def _start_server(self):
        command = [self.python, "-m", f"benchmarks.stacks.{self.stack.module}", str(self.rooms)]
        environment = os.environ | {
            "API_PORT": str(self.port),
            "DATA_DIR": str(self.data),
            "RATELIMIT_ENABLE": "false",
            "LOG_LEVEL": "warning",
        }
        for name in ("DATABASE_URL", "REDIS_URL", "REDIS_HOST"):
            environment.pop(name, None)
        self.server = self._spawn(0, command, env=environment)
        ready = json.loads(self.server.stdout.readline()) if self.stack.module == "ours" else {}
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.server.poll() is None:
            try:
                httpx.get(f"http://127.0.0.1:{self.port}/", timeout=1)
                return ready
            except httpx.HTTPError:
                time.sleep(0.05)
        raise SystemExit(f"{self.stack.name} did not start")

    def _spawn(self, core, command, **options):
        if self.pinned:
            command = ["taskset", "-c", str(core), *command]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, **options)

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
            "port": self.port,
            "path": path,
            "greeting": greeting,
            "control": control,
            "publish": publish,
            "mark": {"at": mark, "byte": ord("n")},
            "members": self.members,
            "rooms": ready.get("rooms") or [f"r{n}" for n in range(self.rooms)],
        }

    def ask(self, op, **fields):
        self.client.stdin.write((json.dumps({"op": op, **fields}) + "\n").encode())
        self.client.stdin.flush()
        answer = json.loads(self.client.stdout.readline() or '{"error": "the client ended"}')
        if "error" in answer:
            raise SystemExit(f"{self.stack.name}: {answer['error']}")
        return answer

    def cpu(self):
        """Seconds of the server so far."""
        fields = Path(f"/proc/{self.server.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self):
        status = Path(f"/proc/{self.server.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024

    def measure(self, scenario, seconds):
        common = {"batch": scenario.batch, "size": TEXT, "seconds": seconds}
        cpu = self.cpu()
        burst = self.ask("burst", window=scenario.window, **common)
        used = self.cpu() - cpu
        steady = self.ask("steady", rate=scenario.rate, **common)
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

    def stop(self):
        for process in (self.client, self.server):
            if process is not None and process.poll() is None:
                process.terminate()
                try:
                    process.wait(8)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def runs_of(arguments, rooms, members, folder):
    for number, stack in enumerate(STACKS):
        if arguments.only and not any(word in stack.name.lower() for word in arguments.only):
            continue
        python = arguments.rivals if stack.foreign else sys.executable
        if stack.foreign and subprocess.run([python, "-c", "import flask_socketio, gevent"]).returncode:
            print(f"(left out: {stack.name}; install benchmarks/requirements.txt or give --rivals)")
            continue
        yield Run(stack, rooms, members, python, arguments.pin, folder / f"{rooms}-{number}")


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
            run.stop()
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
            run.ask("burst", window=4, batch=1, size=big, publications=50)
            free = run.ask("burst", **common)
            run.ask("stall")
            before = run.memory()
            stalled = run.ask("burst", **common, healthy=members - 1)
            more = (run.memory() - before) / 2**20
            end = run.ask("resume")
        finally:
            run.stop()
        told = end["trouble"] or end["closed"]
        print(
            f"{run.stack.name:24}{free['seconds']:12.2f}{free['p99']:8.1f}{stalled['seconds']:15.2f}"
            f"{stalled['p99']:8.1f}{stalled['expected'] - stalled['received']:6}{more:9.1f}  "
            f"{f'told off ({told}) when it reads again' if told else 'served on from a backlog in memory'}",
            flush=True,
        )


def versions(arguments):
    names = ("uvicorn", "uvloop", "websockets", "channels", "python-socketio", "python-engineio")
    print(
        f"Python {sys.version.split()[0]}; " + ", ".join(f"{name} {metadata.version(name)}" for name in names)
    )
    code = (
        "import importlib.metadata as m; "
        "print(', '.join(f'{n} {m.version(n)}' for n in ('flask-socketio', 'gevent', 'gevent-websocket')))"
    )
    rivals = subprocess.run([arguments.rivals, "-c", code], capture_output=True, text=True)
    node = subprocess.run(["node", "--version"], capture_output=True, text=True)
    print(f"rivals: {rivals.stdout.strip() or 'not installed'}; Node.js {node.stdout.strip()}")
    print(f"{os.cpu_count()} cores, load {' '.join(f'{load:.1f}' for load in os.getloadavg())}")


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
    able = shutil.which("taskset") is not None and (os.cpu_count() or 1) > 1
    parser.add_argument("--pin", action=argparse.BooleanOptionalAction, default=able, help=pin)
    return parser.parse_args()


def main():
    arguments = parsed()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is then stopped
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    versions(arguments)
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
    print(f"\nload at the end {' '.join(f'{load:.1f}' for load in os.getloadavg())}")


if __name__ == "__main__":
    main()
