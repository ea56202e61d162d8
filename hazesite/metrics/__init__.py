"""Figures of the whole site for Prometheus, right whichever of its processes is asked.

* What can be read off the database is read when somebody scrapes (`registry.source`).
* What only a process knows (requests, sends) it counts in files of its own under `DATA_DIR/metrics`, by the
  multiprocess mode of prometheus-client; whoever is asked adds the files of all up (`folder.py`).
"""

from __future__ import annotations
