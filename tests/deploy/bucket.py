"""An S3 server on 127.0.0.1 (moto's), which speaks the protocol and keeps everything in memory."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from moto.server import ThreadedMotoServer

from tests.serving import free_port

NAME, KEY, SECRET = "uploads", "the-key", "a/secret+with=signs"


@contextmanager
def bucket_server() -> Iterator[str]:
    """The address as `UPLOADS_URL` has it; the bucket exists and is empty."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    port = free_port()
    server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
    server.start()
    try:
        bucket_at(port).create_bucket(Bucket=NAME)
        yield f"s3://{KEY}:a%2Fsecret+with=signs@127.0.0.1:{port}/{NAME}/files-of-hazebot?region=us-east-1&tls=false"
    finally:
        server.stop()


def bucket_at(port: int) -> boto3.client:
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        region_name="us-east-1",
    )
