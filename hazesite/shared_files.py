"""Uploads in an S3-compatible bucket (`UPLOADS_URL`), so that web processes on several hosts share them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, cast

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from django.core.files import File
from storages.backends.s3 import S3Storage

BUFFER = 64 * 1024
ATTEMPTS = 3
GONE = {"404", "NoSuchKey", "NotFound"}


class Bucket(S3Storage):  # type: ignore[misc]  # has no types
    """Like our own disk: a file is there whole or not at all, and one of a taken name is replaced.

    What is opened is read from where one seeks to: a part of a file costs that part and not the file.
    """

    def __init__(self, **options: Any) -> None:
        ours = {
            "file_overwrite": True,
            "default_acl": None,
            "object_parameters": {"CacheControl": "private"},
            # The requests that wait for it are threads already; a file of ours is ten megabytes at most.
            "transfer_config": TransferConfig(use_threads=False),
            "client_config": Config(
                s3={"addressing_style": "path"},
                signature_version="s3v4",
                connect_timeout=3,
                read_timeout=10,
                retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                # Not every such server knows the checksums that Amazon's has since 2025.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        }
        super().__init__(**(ours | options))

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        """Raises FileNotFoundError where the bucket has no such file."""
        if mode != "rb":
            raise ValueError(f"Files of a bucket are opened for reading, not with {mode!r}.")
        where = {"Bucket": self.bucket_name, "Key": self._normalize_name(name)}
        client = self.connection.meta.client
        try:
            size = int(client.head_object(**where)["ContentLength"])
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in GONE:
                raise FileNotFoundError(name) from error
            raise

        def part(start: int) -> Any:
            return client.get_object(**where, Range=f"bytes={start}-")["Body"]

        return cast("File[bytes]", File(io.BufferedReader(Remote(part, size), BUFFER), name))


class Remote(io.RawIOBase):
    """Bytes that are asked for when they are read. `part(start)` gives a stream of all from there on."""

    def __init__(self, part: Callable[[int], Any], size: int) -> None:
        self._part, self._size = part, size
        self._at = 0
        self._stream: Any = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if (wanted := max(0, base + offset)) != self._at:
            self._drop()
            self._at = wanted
        return self._at

    def readinto(self, buffer: Any) -> int:
        piece = self._next(len(buffer)) if self._at < self._size else b""
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def _next(self, most: int) -> bytes:
        """A stream that breaks off is taken up again where it was."""
        for attempt in range(ATTEMPTS):
            try:
                if self._stream is None:
                    self._stream = self._part(self._at)
                if piece := bytes(self._stream.read(most)):
                    return piece
                raise OSError("the bucket sent less than it announced")
            except (BotoCoreError, HTTPClientError, OSError):
                self._drop()
                if attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError("not reached")

    def _drop(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def close(self) -> None:
        self._drop()
        super().close()
