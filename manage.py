#!/usr/bin/env python
"""The project's commands: `python manage.py help` lists them."""

from __future__ import annotations

import gc
import os
import sys

from hazesite import activation, lifeline  # noqa: F401 - it looks first


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hazesite.settings")
    lifeline.watch()
    if sys.argv[1:2] == ["serve"] and not {"-h", "--help"} & set(sys.argv):
        # The supervisor stays small: it never loads Django itself.
        from hazesite.supervisor import serve

        sys.exit(serve(sys.argv[2:]))
    gc.disable()  # while everything is loaded nothing dies, and looking for it takes a fifth of the time
    import django
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        settings.ENVIRONMENT  # noqa: B018 - reads the environment now, so that a mistake is one sentence
    except ImproperlyConfigured as mistake:
        sys.stderr.write(f"HazeBot cannot start: {mistake}\n")
        sys.exit(78)  # a supervisor does not try again
    django.setup()
    gc.freeze()
    gc.enable()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
