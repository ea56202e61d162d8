"""The suite's own promises: a seed is a schedule, and a broken promise of the site is noticed."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise

import pytest

from tests.faults.schedule import BACKENDS, LINES, PROCESSES, as_text, schedule
from tests.faults.screen import Connection, InboxConnection, Screen, Violation
from tests.serving import ROOT


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_seed_is_a_schedule_in_every_process(backend):
    program = f"from tests.faults.schedule import as_text; print(as_text(7, {backend!r}))"
    environment = os.environ | {"PYTHONHASHSEED": "12345"}
    command = [sys.executable, "-c", program]
    told = subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True)
    assert told.stdout.strip() == as_text(7, backend)
    assert len({schedule(seed, backend) for seed in range(50)}) == 50


@pytest.mark.parametrize("backend", BACKENDS)
def test_fifty_schedules_disturb_everything_and_no_target_twice_at_once(backend):
    schedules = [schedule(seed, backend) for seed in range(50)]
    assert {fault.target for faults in schedules for fault in faults} == {*LINES, *PROCESSES[backend]}
    for faults in schedules:
        for target in LINES:
            mine = [fault for fault in faults if fault.target == target]
            assert all(one.ends < other.at for one, other in pairwise(mine))


def update(prev_seq: int, seq: int) -> dict[str, object]:
    facts = {"event_type": "ticket_claimed", "timestamp": "now", "data": {"status": "claimed"}}
    return {"ticket_id": "t", "prev_seq": prev_seq, "seq": seq, **facts}


@pytest.mark.parametrize("second", [update(3, 4), update(5, 6), update(2, 3)], ids=["twice", "gap", "back"])
def test_a_connection_notices_what_comes_twice_too_late_or_not_at_all(second):
    connection = Connection("alice", 3)
    connection.history({"events": [], "last_seq": 3})
    connection.update(update(3, 4))
    with pytest.raises(Violation):
        connection.update(second)
    inbox = InboxConnection("alice")
    inbox.update(update(3, 4))
    with pytest.raises(Violation):
        inbox.update(second)


def test_a_connection_notices_what_comes_before_its_history():
    with pytest.raises(Violation, match="before the history"):
        Connection("alice", 3).update(update(3, 4))


def test_a_screen_takes_each_step_once_and_says_what_is_missing():
    screen = Screen()
    told = {**update(0, 1), "type": "ticket_claimed"}
    assert screen.offer(told)
    assert screen.offer(told)
    assert not screen.offer({**update(2, 3), "type": "ticket_claimed"})
    assert (screen.steps, screen.facts) == ([(0, 1, "ticket_claimed")], {"status": "claimed"})
