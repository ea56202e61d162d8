"""A network of its own for an engine: a namespace, and a cable to this host which can be unplugged."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

NEEDS = "needs root and the right to make network namespaces"


class NotHere(Exception):
    """No namespace can be made on this machine, or by this user."""


def ip(*command: str) -> None:
    done = subprocess.run(["ip", *command], capture_output=True, text=True, timeout=30)
    if done.returncode:
        raise NotHere(f"{NEEDS}: {done.stderr.strip()}")


@dataclass(frozen=True)
class Cable:
    """`there`: the end at this host, as an engine inside sees it. No two processes lay the same one."""

    name: str
    here: str
    there: str

    @property
    def inside(self) -> tuple[str, ...]:
        return ("nsenter", f"--net=/run/netns/{self.name}")

    @property
    def _outer(self) -> str:
        return f"{self.name}o"

    @property
    def _inner(self) -> str:
        return f"{self.name}i"

    def lay(self) -> None:
        ip("netns", "add", self.name)
        ip("link", "add", self._outer, "type", "veth", "peer", "name", self._inner, "netns", self.name)
        ip("-n", self.name, "link", "set", "lo", "up")
        ip("-n", self.name, "address", "add", f"{self.here}/30", "dev", self._inner)
        self.give_address()
        self.plug_in()
        self.switch_on()

    def clear(self) -> None:
        subprocess.run(["ip", "link", "del", self._outer], capture_output=True, timeout=30)
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True, timeout=30)

    # --- three ways to have no network, and back ----------------------------------
    def unplug(self) -> None:
        """The interface inside is there and has no carrier."""
        ip("link", "set", self._outer, "down")

    def plug_in(self) -> None:
        ip("link", "set", self._outer, "up")

    def switch_off(self) -> None:
        """There is no interface that is up, and no route."""
        ip("-n", self.name, "link", "set", self._inner, "down")

    def switch_on(self) -> None:
        ip("-n", self.name, "link", "set", self._inner, "up")
        ip("-n", self.name, "route", "add", "default", "via", self.there)

    def take_address(self) -> None:
        """The interface and the route are fine; beyond them nobody answers."""
        ip("address", "del", f"{self.there}/30", "dev", self._outer)

    def give_address(self) -> None:
        ip("address", "add", f"{self.there}/30", "dev", self._outer)


@contextmanager
def laid() -> Iterator[Cable]:
    """Raises `NotHere`. The addresses are of those that no network has (RFC 2544)."""
    first = f"198.{18 + os.getpid() % 2}.{os.getpid() // 2 % 256}"
    cable = Cable(f"hz{os.getpid()}", f"{first}.1", f"{first}.2")
    try:
        cable.lay()
        yield cable
    finally:
        cable.clear()
