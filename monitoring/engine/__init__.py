"""The process that makes the checks (`manage.py runmonitors`). Any number may run, on any number of hosts.

* `loop`: takes what is due, starts it at its slot, hands results on.  `attempts`: one check, in its time.
* `claims`: due monitors are taken by one statement, under a lease and a fence.
* `results`: what was found becomes rows and events, many at a time, in one transaction.
* `network`: whether a failure is rather one of this host's own network.
"""

from __future__ import annotations
