"""From requests and socket events to rows, without making anybody wait.

What was done is noted in memory (`buffer`); a thread of its own cleans it, makes numbers of people and writes
it down (`storing`).
"""

from __future__ import annotations

from analytics.collecting.buffering import buffer
from analytics.collecting.noting import note_call, note_event, note_request

__all__ = ["buffer", "note_call", "note_event", "note_request"]
