"""A backup's file: a gzipped tar, `manifest.json` first, and around it, if wanted, encryption.

Encrypted, it is a line of text, then two age files: the first holds a key made for this backup and opens with
the passphrase (age's scrypt); the second is the tar for that key, which unlike the first is made and opened
in a stream. Anything that knows age opens it without us: docs/operations.md shows how.
"""

from __future__ import annotations

import gzip
import os
import tarfile
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

import pyrage

from hazesite.operations.errors import NoPassphrase, Unreadable

MAGIC = b"HazeBot backup 1\n"
MANIFEST = "manifest.json"
COMPRESSION = 5
# Debian 12's Python 3.11.2 has no filters yet.
FILTERED: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
DAMAGED = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, pyrage.DecryptError, UnicodeError)


def write(target: Path, folder: Path, passphrase: str = "") -> None:
    """Put all of `folder` into `target`, which is there whole or not at all, and for its owner alone."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.unfinished")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            with _sealing(file, passphrase) as sink:
                _pack(folder, sink)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def extract(source: Path, folder: Path, passphrase: str = "") -> None:
    """Raises `Unreadable` or `NoPassphrase`; then what was already extracted is worth nothing."""
    try:
        with source.open("rb") as file, _opening(file, passphrase) as stream:
            _unpack(stream, folder)
    except DAMAGED as error:
        raise Unreadable(f"{Unreadable.message} ({error})") from error


def _pack(folder: Path, sink: IO[bytes]) -> None:
    packed = gzip.GzipFile(fileobj=sink, mode="wb", compresslevel=COMPRESSION)
    with packed, tarfile.open(fileobj=packed, mode="w|") as tar:
        first = folder / MANIFEST
        tar.add(first, MANIFEST)
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path != first:
                tar.add(path, path.relative_to(folder).as_posix())


def _unpack(stream: IO[bytes], folder: Path) -> None:
    with gzip.GzipFile(fileobj=stream, mode="rb") as unpacked:
        tar = tarfile.open(fileobj=unpacked, mode="r|")  # noqa: SIM115 - closing it closes nothing
        for member in tar:
            _refuse_harm(member)
            tar.extract(member, folder, **FILTERED)
        while unpacked.read(2**20):  # to the checksum at its end
            pass


def _refuse_harm(member: tarfile.TarInfo) -> None:
    """Whatever the Python: of ours there are plain files below the folder, and nothing else."""
    path = PurePosixPath(member.name)
    if not member.isfile() or path.is_absolute() or ".." in path.parts:
        raise tarfile.ExtractError(f"{member.name} does not belong in a backup")


@contextmanager
def _sealing(file: IO[bytes], passphrase: str) -> Iterator[IO[bytes]]:
    if not passphrase:
        yield file
        return
    key = pyrage.x25519.Identity.generate()
    locked = pyrage.passphrase.encrypt(str(key).encode(), passphrase)
    file.write(MAGIC + len(locked).to_bytes(4, "big") + locked)
    source, sink = os.pipe()
    sealed = _beside(lambda plain: pyrage.encrypt_io(plain, file, [key.to_public()]), source, "rb")
    with sealed, os.fdopen(sink, "wb") as stream:
        yield stream


@contextmanager
def _opening(file: IO[bytes], passphrase: str) -> Iterator[IO[bytes]]:
    if file.read(len(MAGIC)) != MAGIC:
        file.seek(0)
        yield file
        return
    if not passphrase:
        raise NoPassphrase("This backup is encrypted: set BACKUP_PASSPHRASE to what it was encrypted with.")
    key = _unlocked(file.read(int.from_bytes(file.read(4), "big")), passphrase)
    source, sink = os.pipe()
    opened = _beside(lambda plain: pyrage.decrypt_io(file, plain, [key]), sink, "wb")
    with opened, os.fdopen(source, "rb") as stream:
        yield stream


def _unlocked(locked: bytes, passphrase: str) -> Any:
    try:
        return pyrage.x25519.Identity.from_str(pyrage.passphrase.decrypt(locked, passphrase).decode())
    except pyrage.DecryptError as error:
        raise Unreadable("BACKUP_PASSPHRASE does not open this backup, or it is damaged.") from error


@contextmanager
def _beside(work: Callable[[IO[bytes]], None], end: int, mode: str) -> Iterator[None]:
    """`work` has one end of a pipe in a thread of its own; what went wrong there is raised here."""
    failures: list[Exception] = []

    def run() -> None:
        try:
            with os.fdopen(end, mode) as stream:
                work(stream)
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=run, name="backup")
    thread.start()
    try:
        yield
    except BaseException as error:
        thread.join()
        for failure in failures:
            if not isinstance(failure, BrokenPipeError):  # that is only the echo of ours
                raise failure from error
        raise
    thread.join()
    if failures:
        raise failures[0]
