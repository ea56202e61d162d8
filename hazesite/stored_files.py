from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage

from hazesite.housekeeping import chore

UNFINISHED = ".unfinished-"
AN_HOUR = 3600


class WholeFiles(FileSystemStorage):
    """Files on our own disk that are there whole or not at all, after a crash too.

    Saving under a name that is taken replaces the file: names here say what the bytes are.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_overwrite": True, **options})

    def _save(self, name: str, content: File[bytes]) -> str:
        folder = Path(self.location)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=UNFINISHED, delete=False) as file:
            try:
                self._write(file, content)
                target = Path(self.path(name))
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                Path(file.name).replace(target)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
        return name

    def _write(self, file: IO[bytes], content: File[bytes]) -> None:
        for chunk in content.chunks():
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


@chore
def sweep_unfinished_files() -> int:
    """What a process left that was killed while it saved."""
    left = [
        path
        for path in Path(settings.MEDIA_ROOT).glob(f"{UNFINISHED}*")
        if path.stat().st_mtime < time.time() - AN_HOUR
    ]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)
