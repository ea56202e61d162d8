"""This server: `manage.py web` with tickets to join, and an event `publish` that does what a service does.

A publication is built as the tickets' own (a step of its stream, one part for each audience), encoded, and
given to the bus; from there on everything is the product. Only the row in the database is left out.
"""

from __future__ import annotations

import json
import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "hazesite.settings"

import django

django.setup()

from django.core.management import call_command
from django.db import transaction

from accounts import services, tokens
from accounts.models import User
from accounts.roles import Role
from accounts.services import Device
from benchmarks.message import EVENT, new_message
from hazesite.realtime import bus
from hazesite.realtime.handlers import handles
from hazesite.realtime.publication import Frame, Publication
from tickets import stream
from tickets.models import Ticket, TicketEvent


def prepare(rooms: int) -> list[Ticket]:
    call_command("migrate", verbosity=0)
    owner = User.objects.create_user("alice", "alice-has-many-tickets-3")
    with transaction.atomic():
        tickets = [Ticket.objects.create(owner=owner, subject=f"Number {n}", type="x") for n in range(rooms)]
        for ticket in tickets:
            stream.append(ticket, TicketEvent.Type.CREATED, owner)
    return tickets


def announce(tickets: list[Ticket]) -> None:
    moira = User.objects.create_user("moira", "moderate-everything-2", granted_role=Role.MODERATOR)
    token = tokens.issue(services.start_session(moira, Device("127.0.0.1", "Benchmark")))
    print(json.dumps({"token": token, "rooms": [ticket.public_id for ticket in tickets]}), flush=True)


def step(ticket: Ticket, size: int) -> Publication:
    ticket.last_seq += 1
    frame = Frame.of(EVENT, new_message(ticket.public_id, size), ticket.last_seq)
    parts = stream.shown(ticket, (True, False), [], frame)
    return Publication(tuple(parts), stream.stream_of(ticket.public_id), ticket.last_seq)


tickets = prepare(int(sys.argv[1]))
announce(tickets)


@handles("publish")
async def publish(_sink, data):
    for ticket in tickets[data["first"] : data["first"] + data["count"]]:
        bus.send(step(ticket, data["size"]))


call_command("web")
