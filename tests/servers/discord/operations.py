"""What Discord does to its clients: faults, limits, outages, and the settings in its portal."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

from tests.servers.discord import membership
from tests.servers.discord.faults import Fault, Mode
from tests.servers.discord.gateway import INVALID_SESSION, RECONNECT
from tests.servers.discord.people import Id

if TYPE_CHECKING:
    from tests.servers.discord.app import Site


class Operations:
    """The switches. Each lasts until it is switched back, unless it says how often."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.community = site.community
        self.gateway = site.gateway

    def fault(
        self, method: str, path: str, mode: str = "answer", *, times: int | None = 1, **more: Any
    ) -> None:
        """The next `times` requests of this method (`*`: any) whose path the regex finds do as `mode` says.

        `mode`: answer, cut, hang, do and answer, do and cut, do and hang. `more`: `status`, `retry_after` and
        `through_proxy` of a 429, `seconds` a hanging request hangs. Paths start after `/api/v10`.
        """
        self.site.faults.add(Fault(method, re.compile(path), Mode(mode), times=times, **more))

    def rest_down(self, status: int | None = 503) -> None:
        """Every request is answered so, or cut with None, until `clear_faults`. The gateway stays."""
        self.fault("*", "", "answer" if status else "cut", times=None, status=status or 500)

    def clear_faults(self) -> None:
        self.site.faults.clear()

    def faults_met(self) -> list[int]:
        """How often each fault was met, in the order they were asked for."""
        return [one.met for one in self.site.faults.asked]

    def forget_requests(self) -> None:
        """What was asked so far does not count for the test."""
        self.community.requests.clear()

    def limits(self, *, on: bool) -> None:
        self.site.limits.on = on

    def limit(self, route: str, count: int, seconds: float) -> None:
        """`route` is as in `limits.DEFAULTS`; `all` is the bot's limit over all routes."""
        if route == "all":
            self.site.limits.at_all = (count, seconds)
        else:
            self.site.limits.routes[route] = (count, seconds)

    def advance(self, seconds: float) -> None:
        """Discord's clock jumps: tokens, nonces, addresses and limits grow old."""
        self.community.clock.ahead += seconds

    def close_gateway(self, code: int) -> None:
        self.gateway.close_all(code)

    def abort_gateway(self) -> None:
        """The sockets end without a goodbye."""
        self.gateway.abort_all()

    def ask_to_reconnect(self) -> None:
        self.gateway.send_all(RECONNECT)

    def invalidate_sessions(self, *, resumable: bool) -> None:
        self.gateway.send_all(INVALID_SESSION, resumable, forget=not resumable)

    def acknowledge_heartbeats(self, *, on: bool) -> None:
        self.gateway.acknowledges = on

    def take_resumes(self, *, on: bool) -> None:
        self.gateway.resumes = on

    def pause_gateway(self, *, forget_sessions: bool = True) -> None:
        """Cuts the bot off while the guild goes on; with its session forgotten it never hears of that."""
        self.gateway.paused = True
        self.gateway.abort_all()
        if forget_sessions:
            self.gateway.sessions.clear()

    def unpause_gateway(self) -> None:
        self.gateway.paused = False

    def kick_bot(self) -> None:
        """Somebody throws the bot out of the guild: its role, and what it told of commands, go with it."""
        membership.kick_bot(self.community)
        self.gateway.lose_guild()

    def invite_bot(self) -> None:
        """Somebody brings the bot into the guild (again), with the permissions it asked for."""
        membership.invite_bot(self.community)
        self.gateway.tell_guild()

    def take_guild_away(self) -> None:
        """An outage of the guild alone: the bot stays its member and hears nothing of it."""
        self.gateway.guild_is_away = True
        self.gateway.lose_guild(unavailable=True)

    def bring_guild_back(self) -> None:
        self.gateway.guild_is_away = False
        self.gateway.tell_guild(unavailable=False)

    def outage(self, seconds: float) -> None:
        """Nobody listens on the port for so long; what happened so far stays."""
        self.site.go_away(seconds)

    def gateway_state(self) -> dict[str, int]:
        """How many are connected, and how often someone identified and resumed."""
        connected = sum(1 for one in self.gateway.lines if one.session)
        return {
            "connected": connected,
            "identified": self.gateway.identified,
            "resumed": self.gateway.resumed,
        }

    def presences(self) -> list[str]:
        """What stood under the bot's name, one after the other."""
        shown = [one for presence in self.gateway.presences for one in presence["activities"]]
        return [str(one.get("state") or one.get("name")) for one in shown]

    def goodbyes(self) -> list[int | None]:
        """The codes with which clients closed their sockets."""
        return list(self.gateway.goodbyes)

    def switch_intents(self, bits: int) -> None:
        """The privileged intents that are on in the portal; an identify that asks for others gets 4014."""
        self.community.portal.privileged_intents = bits

    def reset_token(self) -> str:
        """The old token is worth nothing from now on."""
        self.community.portal.token = "MTA." + secrets.token_urlsafe(32)
        return self.community.portal.token

    def register_redirects(self, addresses: list[str] | None) -> None:
        self.community.portal.redirect_uris = addresses

    def log_in_as(self, person: Id) -> None:
        """This person stands at the authorize page from now on, and agrees."""
        self.community.login = self.community.people[int(person)]

    def refuse_login(self, error: str = "access_denied") -> None:
        """Whoever stands at the authorize page says no."""
        self.community.login = error

    def leave_login(self) -> None:
        """Nobody is logged in: the page asks who it is."""
        self.community.login = None
