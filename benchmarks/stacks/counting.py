"""`manage.py web` that counts its database queries by what they read or write.

Asked `{"op": "counted"}` on stdin it prints what it counted since it was asked last. Django's own health
check of a connection and BEGIN and COMMIT are no queries of ours and are not counted.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from collections import Counter
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hazesite.settings")
SUBJECT = re.compile(r'^\s*(\w+).*?(?:FROM|INTO|UPDATE)\s+"(\w+)"', re.DOTALL)
counts: Counter[str] = Counter()


def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    found = SUBJECT.match(sql)
    counts[f"{found[1]} {found[2]}" if found else sql[:40]] += 1
    return execute(sql, params, many, context)


def install(connection: Any, **_signal: Any) -> None:
    connection.execute_wrappers.append(count)


def answer() -> None:
    for _line in sys.stdin:
        found = dict(counts)
        counts.clear()
        print(json.dumps(found), flush=True)


def main() -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db.backends.signals import connection_created

    connection_created.connect(install)
    threading.Thread(target=answer, daemon=True).start()
    call_command("web", stdout=sys.stderr)


if __name__ == "__main__":
    main()
