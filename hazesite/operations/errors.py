from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from hazesite.errors import Refused


class NoPassphrase(Refused):
    code = "no_passphrase"
    message = _("Set BACKUP_PASSPHRASE (at least 12 characters, not a common password) for that.")


class Unreadable(Refused):
    """Damaged, cut off, changed, or no backup at all."""

    code = "unreadable_backup"
    message = _("This is no whole backup of HazeBot.")


class WrongDatabase(Refused):
    code = "wrong_database"
    message = _("This backup is of another kind of database.")


class TooNew(Refused):
    code = "backup_too_new"
    message = _("This backup was made by a newer version: it has migrations that are unknown here.")


class NotEmpty(Refused):
    code = "database_not_empty"
    message = _("The database is not empty.")


class StillRunning(Refused):
    code = "still_running"
    message = _("HazeBot is running here: stop it first.")


class ProgramFailed(Refused):
    code = "program_failed"
    message = _("A program of the database failed.")


class NotTheSame(Refused):
    code = "not_the_same"
    message = _("What was copied is not what was there.")
