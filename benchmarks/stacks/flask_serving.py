"""Flask under waitress or gevent, as the first argument says."""

from __future__ import annotations

import os
import sys

from flask import Flask

THREADS = 16


def serve(app: Flask) -> None:
    port = int(os.environ["API_PORT"])
    if sys.argv[1] == "gevent":
        from gevent.pywsgi import WSGIServer

        WSGIServer(("127.0.0.1", port), app, log=None).serve_forever()
    else:
        from waitress import serve as waitress

        waitress(app, host="127.0.0.1", port=port, threads=THREADS)
