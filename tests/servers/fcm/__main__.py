"""`python -m tests.servers.fcm --port 3901`: this FCM as a program, for a demo or another process."""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
from pathlib import Path

from tests.servers.fcm import FcmServer


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.servers.fcm", description=__doc__)
    parser.add_argument("--port", type=int, default=3901)
    parser.add_argument("--project", default="haze-of-the-tests")
    parser.add_argument("--credentials", type=Path, help="where to write them; a new file when left out")
    parser.add_argument("--any-token", action="store_true", help="take unknown tokens for new Android phones")
    wanted = parser.parse_args()
    server = FcmServer(wanted.port, wanted.project).start()
    server.operations.take_any_token(wanted.any_token)
    path = wanted.credentials or Path(tempfile.mkdtemp(prefix="fcm-")) / "credentials.json"
    server.write_credentials(path)
    print(json.dumps({"FCM_CREDENTIALS": str(path), "FCM_API_URL": server.api_url}, indent=2), flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        server.stop()


if __name__ == "__main__":
    main()
