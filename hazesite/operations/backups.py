"""Backups: the database, the uploads and the settings of one moment, in one file that can be trusted.

Uploads are gathered before the database is copied and once more after it: a file that is purged meanwhile was
linked by then, and one that came has its row or harms nobody. So each row in a backup has its file.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from hazesite import __version__, outbound
from hazesite.environment import BASE_DIR, is_weak
from hazesite.errors import Refused
from hazesite.operations import archive, databases
from hazesite.operations.errors import (
    NoPassphrase,
    NotEmpty,
    StillRunning,
    TooNew,
    Unreadable,
    WrongDatabase,
)
from hazesite.stored_files import UNFINISHED

FORMAT, LEAST_PASSPHRASE = 1, 12
DATABASE, UPLOADS, SETTINGS = "database", "uploads", "settings"


@dataclass(frozen=True)
class Kept:
    """`path`: the finished backup."""

    path: Path
    files: int
    size: int


def last_backup_file() -> Path:
    """Where it is noted that a backup was made, for who looks whether all is well."""
    return Path(settings.DATA_DIR) / "last-backup.json"


def places() -> dict[str, Path]:
    """What belongs to the settings and lies in files, by its name in a backup."""
    return {"env": BASE_DIR / ".env", "secret_key": Path(settings.DATA_DIR) / "secret_key"}


def back_up(target: Path | None = None, *, encrypt: bool = False) -> Kept:
    """Make a backup while the site runs. Raises `NoPassphrase`, `ProgramFailed`."""
    passphrase = _passphrase() if encrypt else ""
    now = timezone.now()
    target = target or _usual_place(f"{now:%Y%m%d-%H%M%S}", encrypt)
    with _workshop() as folder:
        _gather_uploads(folder / UPLOADS)
        databases.dump(folder / DATABASE)
        _gather_uploads(folder / UPLOADS)
        _gather_settings(folder / SETTINGS)
        files = _digests(folder)
        manifest = _about(now.isoformat()) | {"files": files}
        (folder / archive.MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        archive.write(target, folder, passphrase)
    _note(target, now.isoformat(), encrypt)
    return Kept(target, len(files), target.stat().st_size)


def restore(source: Path, *, force: bool = False, only_check: bool = False) -> dict[str, Any]:
    """Put back what is in `source`, once all of it was found whole; gives its manifest.

    Raises `Unreadable`, `NoPassphrase`, `WrongDatabase`, `TooNew`, `StillRunning`, and `NotEmpty` without
    `force`: then nothing was changed.
    """
    with _workshop() as folder:
        archive.extract(source, folder, settings.BACKUP_PASSPHRASE)
        manifest = _checked(folder)
        if not only_check:
            _refuse_unfitting(manifest)
            _refuse_to_replace(force)
            _put_back(folder)
    return manifest


def _passphrase() -> str:
    passphrase = str(settings.BACKUP_PASSPHRASE)
    if len(passphrase) < LEAST_PASSPHRASE or is_weak(passphrase):
        raise NoPassphrase
    return passphrase


def _usual_place(moment: str, encrypt: bool) -> Path:
    return Path(settings.DATA_DIR) / "backups" / f"hazebot-{moment}.{'backup' if encrypt else 'tar.gz'}"


@contextmanager
def _workshop() -> Iterator[Path]:
    """Beside the uploads, so that gathering them is linking. For us alone."""
    Path(settings.DATA_DIR).mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=settings.DATA_DIR) as folder:
        yield Path(folder)


def _gather_uploads(target: Path) -> None:
    origin = Path(settings.MEDIA_ROOT)
    for path in origin.rglob("*"):
        kept = target / path.relative_to(origin)
        if path.is_file() and not path.name.startswith(UNFINISHED) and not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # purged since we looked, before the database was copied or
                _link(path, kept)  # because nobody refers to it


def _link(path: Path, kept: Path) -> None:
    try:
        os.link(path, kept)
    except FileNotFoundError:
        raise
    except OSError:  # another file system
        shutil.copy2(path, kept)


def _gather_settings(target: Path) -> None:
    target.mkdir()
    for name, path in places().items():
        if path.is_file():
            shutil.copy2(path, target / name)


def _about(created_at: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "created_at": created_at,
        "version": __version__,
        "python": platform.python_version(),
        "database": databases.describe(),
        "migrations": databases.migrations(),
    }


def _digests(folder: Path) -> dict[str, dict[str, Any]]:
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path != folder / archive.MANIFEST:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            found[path.relative_to(folder).as_posix()] = {"sha256": digest, "size": path.stat().st_size}
    return found


def _note(target: Path, moment: str, encrypted: bool) -> None:
    noted = {"created_at": moment, "path": str(target), "encrypted": encrypted}
    last_backup_file().write_text(json.dumps(noted), encoding="utf-8")


def _checked(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / archive.MANIFEST).read_text(encoding="utf-8"))
        told, number = manifest["files"], manifest["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unreadable from error
    if number != FORMAT:
        raise TooNew
    found = _digests(folder)
    wrong = sorted(name for name in {*told, *found} if told.get(name) != found.get(name))
    if wrong or DATABASE not in found:
        raise Unreadable(f"{Unreadable.message} Not as they were: {', '.join(wrong[:5]) or DATABASE}")
    return manifest


def _refuse_unfitting(manifest: dict[str, Any]) -> None:
    kind = manifest["database"]["kind"]
    if kind != connection.vendor:
        raise WrongDatabase(
            f"This backup is of {kind}, and DATABASE_URL names {connection.vendor}: restore it there, "
            "then use move_to_postgres."
        )
    known = MigrationLoader(None).disk_migrations or {}
    ours = {app for app, _name in known}
    unknown = [
        f"{app}.{name}"
        for app, names in manifest["migrations"].items()
        for name in names
        if app in ours and (app, name) not in known and not _was_squashed(known, app, name)
    ]
    if unknown:
        raise TooNew(f"{TooNew.message} ({', '.join(unknown[:5])})")


def _was_squashed(known: Any, app: str, name: str) -> bool:
    return any((app, name) in migration.replaces for migration in known.values())


def _refuse_to_replace(force: bool) -> None:
    if is_running():
        raise StillRunning
    if not force and (filled := databases.filled_tables(connection)):
        raise NotEmpty(
            f"{NotEmpty.message} There are rows in {', '.join(filled[:5])}. --force replaces all of it."
        )


def is_running() -> bool:
    """Whether a web process of this installation answers."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.HOST, settings.HOST)  # noqa: S104 - compared
    try:
        url = f"http://{host}:{settings.API_PORT}/health/live"
        answer = outbound.fetch("GET", url, deadline=2, trusted=[host.strip("[]")])
        return answer.status == 200 and orjson.loads(answer.body).get("status") == "alive"
    except (httpx.HTTPError, Refused, ValueError, AttributeError):
        return False


def _put_back(folder: Path) -> None:
    """Files before rows, so that no row is without its file whatever happens in between."""
    for path in (folder / UPLOADS).rglob("*"):
        if path.is_file():
            target = Path(settings.MEDIA_ROOT) / path.relative_to(folder / UPLOADS)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.move(path, target)
    databases.load(folder / DATABASE)
    _put_settings(folder / SETTINGS)
    call_command("migrate", interactive=False, verbosity=0)


def _put_settings(kept: Path) -> None:
    """The key goes with its rows. An `.env` of this place stays: it names this place's database."""
    for name, target in places().items():
        if not (kept / name).is_file() or _are_same(kept / name, target):
            continue
        if target.exists() and name == "env":
            target = target.with_name(f"{target.name}.restored")
        elif target.exists():
            target.replace(target.with_name(f"{target.name}.before-restore"))
        target.touch(mode=0o600)
        shutil.copyfile(kept / name, target)


def _are_same(one: Path, other: Path) -> bool:
    return other.is_file() and one.read_bytes() == other.read_bytes()
