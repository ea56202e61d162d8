"""uvicorn as the product runs it."""

from __future__ import annotations

import os

import uvicorn


def serve(application) -> None:
    uvicorn.run(
        application,
        port=int(os.environ["API_PORT"]),
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        access_log=False,
        log_level="error",
        lifespan="off",
    )
