from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from hazesite.errors import NotFound, Refused


class UnknownSection(NotFound):
    code = "unknown_section"
    message = _("There is no section of that name.")


class SetByEnvironment(Refused):
    code = "set_by_environment"
    message = _("This is set in the server's environment and can only be changed there.")


class StaleVersion(Refused):
    status = 412
    code = "stale_version"
    message = _("Somebody else changed this meanwhile. Read it again and repeat your change.")
