"""What changes at the monitors reaches the screens of staff, whoever wrote it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from hazesite.realtime.hub import hub
from monitoring import live
from monitoring.models import MonitorState, Status
from tests.monitoring.stock import make_monitor


def told(publications) -> list[dict]:
    return [
        monitor
        for publication in publications
        for part in publication.parts
        for frame in part.frames
        for monitor in frame.data["monitors"]
    ]


@pytest.mark.django_db
def test_after_the_commit_staff_are_told_what_changed_and_no_secret(shown):
    states = [make_monitor(f"m{number}", error="hush").state for number in range(3)]
    with shown() as publications:
        with transaction.atomic():
            live.show_standings(states[:2])
        assert publications == []
    [publication] = publications
    assert publication.parts[0].rooms == ("monitors",)
    assert [monitor["id"] for monitor in told(publications)] == [state.pk for state in states[:2]]
    assert set(told(publications)[0]) == {"id", "status", "since", "checked_at", "response_ms", "slowness"}


@pytest.mark.django_db
def test_a_thousand_results_are_a_few_frames(shown):
    state = make_monitor().state
    with shown() as publications:
        live.show_standings([state] * 1200)
    assert [len(told([publication])) for publication in publications] == [500, 500, 200]


@pytest.mark.django_db(transaction=True)
async def test_what_another_process_wrote_is_found_and_told_once(settings, monkeypatch):
    settings.REDIS_URL, settings.HUB_INTERVAL = "", 0.01
    from asgiref.sync import sync_to_async

    still, shop = await sync_to_async(make_monitor)("Still"), await sync_to_async(make_monitor)("Shop")
    heard: list = []
    monkeypatch.setattr(hub, "receive", heard.append)
    monkeypatch.setitem(hub.rooms, live.ROOM, {object(): None})
    await MonitorState.objects.filter(pk=still.pk).aupdate(checked_at=timezone.now())
    lookout = live.Lookout()
    lookout.begin()
    await asyncio.sleep(0.2)
    now = timezone.now()
    await MonitorState.objects.filter(pk=shop.pk).aupdate(
        status=Status.DOWN, since=now, checked_at=now - timedelta(seconds=2)
    )
    async with asyncio.timeout(20):
        while not heard:
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.2)
    assert [(one["id"], one["status"]) for one in told(heard)] == [(shop.pk, "down")]
    hub.rooms.pop(live.ROOM)
    await asyncio.wait_for(lookout._task, 20)
