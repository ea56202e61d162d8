"""How other sites fail, and how that is told: with the name of the site."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _

from hazesite.errors import Refused

PAUSE_SECONDS, MAX_PAUSE_SECONDS = 60.0, 3600.0


@dataclass(frozen=True)
class Trouble:
    """A failure as it is kept."""

    status: int
    code: str
    message: str
    source: str
    asks_for_pause: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def refusal(self) -> SourceTrouble:
        return SourceTrouble(
            self.message,
            status=self.status,
            code=self.code,
            source=self.source,
            asks_for_pause=self.asks_for_pause,
        )


class SourceTrouble(Refused):
    """Another site gave nothing. `pause`: seconds in which it is not asked again; did it ask for that itself?

    502 `source_failed`: it answered, and with nothing of use. 503 `source_down`: it did not answer, or asked
    for a pause. The answer's `source` names it.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str,
        source: str,
        pause: float = PAUSE_SECONDS,
        asks_for_pause: bool = False,
    ) -> None:
        super().__init__(message, source=source)
        self.status, self.code, self.source = status, code, source
        self.asks_for_pause = asks_for_pause
        self.pause = min(max(1.0, pause), MAX_PAUSE_SECONDS)

    def trouble(self) -> Trouble:
        return Trouble(self.status, self.code, str(self), self.source, self.asks_for_pause)

    @classmethod
    def unforeseen(cls, key: str) -> SourceTrouble:
        source = key.partition(":")[0]
        return failed(source, _("its answer could not be used"))


class SourceFailed(Refused):
    """How the document calls a trouble."""

    status = 502
    code = "source_failed"
    message = "reddit gave no usable answer: it answered 403."


class SourceDown(Refused):
    """As the one before."""

    status = 503
    code = "source_down"
    message = "reddit cannot be reached right now: it did not answer in time."


def failed(source: str, reason: str, pause: float = PAUSE_SECONDS) -> SourceTrouble:
    """It answered, but not as it should."""
    sentence = _("%(source)s gave no usable answer: %(reason)s.") % {"source": source, "reason": reason}
    return SourceTrouble(
        sentence, status=SourceFailed.status, code=SourceFailed.code, source=source, pause=pause
    )


def down(source: str, reason: str, pause: float = PAUSE_SECONDS) -> SourceTrouble:
    """It does not answer now, or wants to be left alone."""
    sentence = _("%(source)s cannot be reached right now: %(reason)s.") % {
        "source": source,
        "reason": reason,
    }
    return SourceTrouble(sentence, status=SourceDown.status, code=SourceDown.code, source=source, pause=pause)


def busy(source: str, pause: float | None) -> SourceTrouble:
    """It answered 429, and wants to be left alone for so many seconds."""
    trouble = down(source, _("it asks us to wait"), PAUSE_SECONDS if pause is None else pause)
    trouble.asks_for_pause = True
    return trouble


def slow(source: str) -> SourceTrouble:
    """Somebody waited as long as one waits. It may answer yet."""
    return down(source, _("it has not answered in time"))
