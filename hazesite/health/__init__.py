"""Whether this process lives, whether it can serve, and how everything around it is.

Answered on the event loop, beside the pool of requests: a probe is answered while every thread of the pool is
taken. Each app registers its checks in `ready()` (`registry.py`); they run in threads of their own
(`lanes.py`) and have a second, so nothing that hangs makes an answer hang.
"""

from __future__ import annotations
