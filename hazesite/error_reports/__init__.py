"""Unforeseen errors, one row for each bug and not for each time it happened.

Whatever is logged as a warning or worse with its exception is reported: the watcher in `recorder` hears it
from the logs (`hazesite/logs.py`), counts it in memory, and a thread of its own writes it down. So what
failed neither waits for that nor depends on its own transaction, and nobody has to remember a second call.
"""
