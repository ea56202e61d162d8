"""What is said of what waits, for every case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hazesite.outgoing.transports import Retract, Wait
from monitoring.alerts.decisions import Crowd, of_incident, of_slow_spell, of_storm

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
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


@pytest.mark.parametrize(
    "sent, flying, waiting, is_first, said",
    [
        ([], 0, 1, True, False),
        ([], 0, 3, True, False),
        ([], 0, 4, True, True),
        ([], 0, 4, False, Wait(NOW + timedelta(seconds=2), True)),
        ([-30], 1, 1, True, False),
        ([-30], 1, 2, True, True),
        ([-50, -40, -30], 0, 1, True, Wait(NOW + timedelta(seconds=10), True)),
        ([-55, -50, -40, -30], 0, 9, True, Wait(NOW + timedelta(seconds=10), True)),
    ],
)
def test_more_than_three_in_a_minute_become_one(sent, flying, waiting, is_first, said):
    moments = [NOW + timedelta(seconds=seconds) for seconds in sent]
    assert of_storm(Crowd(moments, flying, waiting, is_first), 3, timedelta(minutes=1), NOW) == said
