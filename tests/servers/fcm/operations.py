"""What happens to FCM and to the phones: faults, dead tokens, phones that sleep and wake."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tests.servers.fcm.faults import Fault
from tests.servers.fcm.phones import Phone, State

if TYPE_CHECKING:
    from tests.servers.fcm.app import Site


class Operations:
    """The switches. Each lasts until it is switched back, unless it says how often."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def fault(
        self, what: str, token: str | None = None, *, times: int | None = 1, retry_after: float | None = None,
        seconds: float = 60.0,
    ) -> None:  # fmt: skip
        """The next `times` messages (None: all) to `token` (None: to anybody) fail so.

        `what`: one of FCM's codes (UNREGISTERED, SENDER_ID_MISMATCH, QUOTA_EXCEEDED, UNAVAILABLE, INTERNAL,
        THIRD_PARTY_AUTH_ERROR, INVALID_ARGUMENT), `502` (a page of the proxy), `hang` (no answer for
        `seconds`, then cut) or `cut`. After `do and ` the message is accepted first. Dry runs meet them too.
        """
        self.site.faults.add(what, Fault(what, token, times, retry_after=retry_after, seconds=seconds))

    def token_fault(self, what: str, *, times: int | None = 1, seconds: float = 60.0) -> None:
        """The next `times` wishes for an access token meet `invalid_grant`, `500`, `502`, `hang` or `cut`."""
        self.site.token_faults.add(what, Fault(what, times=times, seconds=seconds))

    def clear_faults(self) -> None:
        self.site.faults.clear()
        self.site.token_faults.clear()

    def latency(self, seconds: float) -> None:
        """Every message is answered that much later."""
        self.site.latency = seconds

    def take_any_token(self, wanted: bool = True) -> None:
        """A token nobody registered is taken for that of a new Android phone."""
        self.site.takes_any_token = wanted

    def advance(self, seconds: float) -> None:
        """Moves FCM's clock forward."""
        self.site.clock.ahead += seconds

    def token_lifetime(self, seconds: float) -> None:
        """Of the access tokens given from now on. Google's library renews one 225 seconds before its end."""
        self.site.account.lifetime = seconds

    def expire_tokens(self) -> None:
        """All access tokens given so far, whatever their holders were told of their lifetime."""
        self.site.account.expire_tokens()

    def register(self, platform: str = "android", token: str | None = None) -> str:
        """A new phone: `android`, `ios` or `web`. Gives its token, which is made up when left out."""
        return self.site.phones.register(platform, token).token

    def uninstall(self, token: str) -> None:
        """The token is UNREGISTERED from now on."""
        self.site.phones.remove(token)

    def rotate(self, token: str) -> str:
        """The phone has a new token; the old one is UNREGISTERED."""
        return self.site.phones.rotate(token)

    def fid(self, token: str) -> str:
        """The installation id, by which a phone can be reached as well."""
        return self.phone(token).fid

    def subscribe(self, token: str, topic: str) -> None:
        self.phone(token).topics.add(topic)

    def set_state(self, token: str, state: str) -> None:
        """`awake`, `dozing` (only what has high priority comes at once) or `offline`."""
        self.phone(token).become(State(state))

    def dismiss(self, token: str) -> None:
        """The person clears the tray."""
        self.phone(token).tray.clear()

    def accepted(self, token: str | None = None) -> list[dict[str, Any]]:
        """What FCM took, in order: `name`, `token`, `at` (time) and `message` as it was sent."""
        return [asdict(each) for each in self.site.accepted if token in (None, each.token)]

    def count_accepted(self) -> int:
        return len(self.site.accepted)

    def received(self, token: str) -> list[dict[str, Any]]:
        """What reached the phone, in order."""
        return [asdict(each) for each in self.phone(token).received]

    def shown(self, token: str) -> list[dict[str, Any]]:
        """The tray, oldest first: `tag`, `title`, `body`, `lines`, `at`, `by` (system or app)."""
        return [asdict(each) for each in self.phone(token).tray.values()]

    def rings(self, token: str) -> list[dict[str, Any]]:
        """Each time the phone rang, and for what (as `shown`)."""
        return [asdict(each) for each in self.phone(token).rings]

    def requests(self, path: str = "") -> list[dict[str, Any]]:
        """All requests so far whose path has `path` in it: `method`, `path`, `at`, `target`, `status`.

        `status` is 0 while one has no answer, and when its connection was cut.
        """
        return [asdict(each) for each in self.site.requests if path in each.path]

    def phone(self, token: str) -> Phone:
        """Raises KeyError."""
        return self.site.phones.by_token[token]
