"""A bot that cannot ask who leads goes on asking, and says goodbye to Discord when it ends."""

from __future__ import annotations

import asyncio
import time

import pytest
from django.db import InterfaceError, OperationalError

from bot import leadership, running
from bot.running import Runner

TROUBLES = [OperationalError, InterfaceError]


class Led:
    """What the runner needs of a bot to keep leading."""

    def __init__(self):
        self.lead_until = time.monotonic() + 5

    def facts(self):
        return {}


def away(trouble):
    def service(*_arguments):
        raise trouble("away")

    return service


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_who_cannot_ask_does_not_lead(monkeypatch, trouble):
    monkeypatch.setattr(leadership, "take", away(trouble))
    assert await Runner()._takes() is False


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_lease_that_could_not_be_renewed_is_renewed_the_next_time(monkeypatch, trouble):
    monkeypatch.setattr(leadership, "RENEW_SECONDS", 0.01)
    answers = [trouble("away"), True, False]

    def keep(*_arguments):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(leadership, "keep", keep)
    led = Led()
    before = led.lead_until
    async with asyncio.timeout(5):
        await Runner()._keep_leading(led)
    assert not answers and led.lead_until > before


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_stopping_needs_no_database(monkeypatch, trouble):
    monkeypatch.setattr(leadership, "give_up", away(trouble))
    monkeypatch.setattr(running, "redirect", lambda: None)
    runner = Runner()
    runner.stopping.set()
    assert await runner.run() == 0
