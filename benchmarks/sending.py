"""Sending under load: how long a message takes, when others see it, and how a thousand come back at once.

    python -m benchmarks.sending                         # all of it, on three set-ups
    python -m benchmarks.sending --setup sqlite --scenario storm

Set-ups: `sqlite` and `postgres` have one web process, `redis` has two, with PostgreSQL and Redis. A worker
runs beside them. Everything is the product's own; limits of what one person may do are on, as in life.

send    POST /api/tickets/<id>/send at a fixed rate, whether answers come or not, by members in turn
shown   sent over a socket and acknowledged, until another socket of the ticket shows it; all sockets are
        connected (with two web processes the two are at different ones)
storm   every connection breaks at one moment and comes back at once with `after_seq`, having missed something
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.processes import Place, Process, begin, client, load, place, versions

MESSAGE = "Since this morning nothing happens when I start it, and I have tried everything."
SAID = 20
Found = dict[str, Any]
TARGETS = {
    "send p50": 15.0,
    "send p99": 100.0,
    "shown p99": 250.0,
    "storm seconds": 10.0,
    "storm queries": 2.0,
}
BACKGROUND = 0.2
"""Of a query per client: what the hub asks for all of them together stays below, and is listed as such."""
missed_targets: list[str] = []


def judge(what: str, value: float, where: str) -> str:
    if value <= TARGETS[what]:
        return ""
    missed_targets.append(f"{where}: {what} is {value:.1f}, allowed {TARGETS[what]:.0f}")
    return "  OVER"


def typical(rounds: list[Found], *path: str) -> float:
    values = []
    for found in rounds:
        value: Any = found
        for name in path:
            value = value[name]
        values.append(value)
    return statistics.median(values)


def trouble(rounds: list[Found], name: str, fine: tuple[str, ...] = ()) -> str:
    total: Counter[str] = Counter()
    for found in rounds:
        total.update({key: value for key, value in found[name].items() if key not in fine})
    return ", ".join(f"{value} of {key}" for key, value in total.items()) or "none"


class Run:
    """The web processes of one set-up with their members."""

    def __init__(self, where: Place, options: argparse.Namespace) -> None:
        self.where, self.options = where, options
        self.known = where.members(options.sockets, SAID)
        self.members: list[Found] = self.known["members"]

    def web(self, stack: ExitStack, *command: str, **more: str) -> list[Process]:
        processes = 2 if self.where.name == "redis" else 1
        return [stack.enter_context(self.where.serving(*command, **more)) for _ in range(processes)]

    def worker(self, stack: ExitStack) -> None:
        """One that has looked after the tickets: at its first look all of them are late."""
        stack.enter_context(self.where.running([sys.executable, "manage.py", "worker"])).settle()

    def requests(self, members: list[Found]) -> list[Found]:
        body = f'{{"message": "{MESSAGE}", "client_nonce": "NUMBER"}}'
        return [
            {"method": "POST", "path": f"/api/tickets/{member['ticket']}/send", "token": member["token"],
             "body": body}
            for member in members
        ]  # fmt: skip

    def people(self, servers: list[Process], door: str, per_ticket: int) -> list[Found]:
        """Where each socket goes: `per_ticket` of each member, one after the other."""
        return [
            {"port": servers[n % len(servers)].port, "door": door, "token": member["token"],
             "ticket": member["ticket"]}
            for n, member in enumerate(
                member for member in self.members[: self.options.sockets // per_ticket]
                for _ in range(per_ticket)
            )
        ]  # fmt: skip


def send(run: Run) -> None:
    options, rounds = run.options, []
    with ExitStack() as stack:
        servers = run.web(stack)
        run.worker(stack)
        node = stack.enter_context(client(run.where))
        # As a proxy before several processes would spread them: by turns.
        requests: list[Found] = [
            {**request, "port": servers[n % len(servers)].port}
            for n, request in enumerate(run.requests(run.members))
        ]
        for server in servers:
            mine = [request for request in requests if request["port"] == server.port]
            node.ask("closed", port=server.port, connections=8, once=True, requests=mine[:100])
        for _ in range(options.rounds):
            cpu = sum(server.cpu() for server in servers)
            found = node.ask("open", rate=options.rate, seconds=options.seconds, requests=requests)
            found["cpu"] = (sum(server.cpu() for server in servers) - cpu) / found["count"] * 1000
            rounds.append(found)
            run.members = run.members[100:] + run.members[:100]
    p50, p99, at = typical(rounds, "p50"), typical(rounds, "p99"), run.where.name
    print(
        f"send, {options.rate:.0f}/s for {options.seconds:.0f} s, {options.rounds} rounds: p50 {p50:.1f} ms"
        f"{judge('send p50', p50, at)}, p99 {p99:.1f} ms{judge('send p99', p99, at)}, "
        f"longest {max(found['max'] for found in rounds):.0f} ms, {typical(rounds, 'cpu'):.1f} ms CPU each, "
        f"errors: {trouble(rounds, 'statuses', ('200',))}, client {typical(rounds, 'client'):.0%} of a core",
        flush=True,
    )


def shown(run: Run, door: str) -> None:
    options, rounds = run.options, []
    with ExitStack() as stack:
        servers = run.web(stack)
        run.worker(stack)
        node = stack.enter_context(client(run.where))
        people = run.people(servers, door, per_ticket=2)
        node.ask("enter", people=people)
        talk = {"rate": options.rate, "message": MESSAGE}
        node.ask("talk", seconds=1, **talk)
        rounds = [node.ask("talk", seconds=options.seconds, **talk) for _ in range(options.rounds)]
        memory = sum(server.memory() for server in servers)
    report_shown(run, door, rounds, len(people), memory)


def report_shown(run: Run, door: str, rounds: list[Found], sockets: int, memory: float) -> None:
    p99 = typical(rounds, "later", "p99")
    ways = {
        name: f"p50 {typical(rounds, name, 'p50'):.1f}, p99 {typical(rounds, name, 'p99'):.1f} ms"
        for name in ("later", "acknowledged", "shown")
    }
    print(
        f"shown, {sockets} sockets of {door}, {run.options.rate:.0f}/s: after the acknowledgement "
        f"{ways['later']}{judge('shown p99', p99, run.where.name)}; from sending to acknowledged "
        f"{ways['acknowledged']}, to shown {ways['shown']}; lost {sum(found['lost'] for found in rounds)}, "
        f"refused: {trouble(rounds, 'refused')}; {memory:.0f} MiB",
        flush=True,
    )


def storm(run: Run, door: str) -> None:
    options, rounds = run.options, []
    counting = [sys.executable, "-m", "benchmarks.stacks.counting"]
    with ExitStack() as stack:
        servers = run.web(stack, *counting, PIPED="yes")
        node = stack.enter_context(client(run.where))
        people = run.people(servers, door, per_ticket=1)
        for _ in range(options.rounds):
            node.ask("enter", people=people)
            requests = run.requests(run.members[: len(people)]) * options.missed
            posted = node.ask("closed", port=servers[0].port, connections=8, once=True, requests=requests)
            assert posted["statuses"] == {"200": len(requests)}, posted
            time.sleep(1)
            for server in servers:
                server.ask("counted")
            found = node.ask("storm")
            found["queries"] = sum((Counter(server.ask("counted")) for server in servers), Counter())
            found["incomplete"] = abs(len(requests) - found["caught"]) + found["holes"]
            rounds.append(found)
            node.ask("leave")
            time.sleep(1)
    report_storm(run, door, rounds, len(people))


def report_storm(run: Run, door: str, rounds: list[Found], clients: int) -> None:
    seconds = typical(rounds, "seconds")
    each, shared = queries(rounds[-1]["queries"], clients)
    per_client = round(sum(each.values()), 1)  # the hub's own look at the same tables is a hundredth
    print(
        f"storm, {clients} sockets of {door}, {run.options.missed} missed each: all back in {seconds:.1f} s"
        f"{judge('storm seconds', seconds, run.where.name)} (p50 {typical(rounds, 'p50') / 1000:.1f} s), "
        f"{per_client:.1f} queries each{judge('storm queries', per_client, run.where.name)}, "
        f"missing or out of place {sum(found['incomplete'] for found in rounds)}, "
        f"turned away and back {sum(found['retries'] for found in rounds)}, "
        f"client {typical(rounds, 'client'):.0%} of a core\n"
        f"    each: {listed(each)}\n    all together: {listed(shared)}",
        flush=True,
    )


def queries(counted: Counter[str], clients: int) -> tuple[dict[str, float], dict[str, float]]:
    """Those a client costs, for each of them, and those of the hub for all together, in number."""
    each = {what: number / clients for what, number in counted.items() if number > BACKGROUND * clients}
    return each, {what: number for what, number in counted.items() if what not in each}


def listed(counted: dict[str, float]) -> str:
    return ", ".join(f"{what} {number:.4g}" for what, number in sorted(counted.items())) or "nothing"


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = ("sqlite", "postgres", "redis")
    parser.add_argument("--setup", choices=kinds, nargs="+", default=list(kinds))
    scenarios = ("send", "shown", "storm")
    parser.add_argument("--scenario", choices=scenarios, nargs="+", default=list(scenarios))
    parser.add_argument(
        "--door", choices=("socketio", "websocket"), nargs="+", default=["socketio", "websocket"]
    )
    parser.add_argument("--sockets", type=int, default=1000, help="as many members, with a ticket each")
    parser.add_argument("--rate", type=float, default=100, help="messages a second")
    parser.add_argument("--seconds", type=float, default=20, help="of a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--missed", type=int, default=3, help="messages each member missed, in the storm")
    return parser.parse_args()


def measure(run: Run) -> None:
    scenarios: dict[str, Callable[[Run, str], None]] = {"shown": shown, "storm": storm}
    if "send" in run.options.scenario:
        send(run)
    for name, scenario in scenarios.items():
        for door in run.options.door if name in run.options.scenario else ():
            scenario(run, door)


def main() -> int:
    options = parsed()
    begin()
    print(versions("django", "uvicorn", "uvloop", "python-socketio", "channels"))
    for kind in options.setup:
        with tempfile.TemporaryDirectory(prefix="sending-") as folder, place(kind, Path(folder)) as where:
            print(f"\n## {kind}; {load()}", flush=True)
            measure(Run(where, options))
    print(f"\n{load()} at the end")
    print("\n".join(missed_targets) or "all within the targets")
    return 1 if missed_targets else 0


if __name__ == "__main__":
    sys.exit(main())
