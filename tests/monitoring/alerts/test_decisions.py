"""What is said of what waits, for every case."""

from __future__ import annotations

import pytest

from hazesite.outgoing.transports import Retract
from monitoring.alerts.decisions import of_incident, of_slow_spell

SILENT = None


@pytest.mark.parametrize(
    "waiting, resolved, acknowledged, told, said",
    [
        ({"down"}, False, False, False, "down"),
        ({"down"}, False, True, False, "down"),
        ({"down", "reminder"}, False, False, False, "down"),
        ({"down", "escalation"}, False, False, False, "down"),
        ({"escalation"}, False, False, False, "escalation"),
        ({"escalation"}, False, False, True, "escalation"),
        ({"escalation", "reminder"}, False, False, True, "escalation"),
        ({"reminder"}, False, False, True, "reminder"),
        ({"escalation"}, False, True, False, SILENT),
        ({"reminder"}, False, True, True, SILENT),
        ({"down", "up"}, True, False, False, "was_down"),
        ({"down"}, True, False, False, "was_down"),
        ({"escalation", "up"}, True, False, False, "was_down"),
        ({"up"}, True, False, True, "up"),
        ({"up"}, True, True, True, "up"),
        ({"reminder", "up"}, True, False, True, "up"),
        ({"reminder"}, True, False, True, SILENT),
        ({"escalation"}, True, False, True, SILENT),
        ({"up"}, True, False, False, SILENT),
    ],
)
def test_of_an_incident_is_said_what_is_true_now(waiting, resolved, acknowledged, told, said):
    answer = of_incident(waiting, resolved=resolved, acknowledged=acknowledged, told=told)
    assert isinstance(answer, Retract) if said is SILENT else answer == said


@pytest.mark.parametrize(
    "waiting, ended, told, again, said",
    [
        ({"slow"}, False, False, False, "slow"),
        ({"slow"}, False, False, True, "slow"),
        ({"fast"}, True, True, False, "fast"),
        ({"fast"}, True, True, True, SILENT),
        ({"slow", "fast"}, True, False, False, "was_slow"),
        ({"slow", "fast"}, True, False, True, SILENT),
        ({"fast"}, True, False, False, SILENT),
    ],
)
def test_of_slow_answers_is_said_what_is_true_now(waiting, ended, told, again, said):
    answer = of_slow_spell(waiting, ended=ended, told=told, slow_again=again)
    assert isinstance(answer, Retract) if said is SILENT else answer == said
