from __future__ import annotations

import io
import secrets
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import services
from accounts.models import User
from accounts.roles import Role
from hazesite.metrics import folder


class Command(BaseCommand):
    help = (
        "Get everything ready to serve: migrate, keep the accounts of the environment, make the first "
        "admin. Safe to run at each start."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="add demo data when there are no tickets")

    def handle(self, *_args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        folder.prune(settings.DATA_DIR / "metrics", keep=0)  # of a site that is started anew
        self._accounts()
        call_command("housekeeping", stdout=io.StringIO())
        if options["demo"]:
            call_command("demo", stdout=self.stdout)
            call_command("demo_usage", stdout=self.stdout)
            call_command("create_sample_monitors", demo=True, stdout=io.StringIO())

    def _accounts(self) -> None:
        for name, password, role in settings.API_EXTRA_USERS:
            services.keep_configured_user(name, password, role)
        if settings.API_ADMIN_PASS:
            services.keep_configured_user(settings.API_ADMIN_USER, settings.API_ADMIN_PASS, Role.ADMIN)
        elif not services.has_admin():
            self._first_admin()

    def _first_admin(self) -> None:
        if settings.PRODUCTION:
            raise CommandError("HazeBot cannot start: there is no admin yet; set API_ADMIN_PASS.")
        if User.objects.filter(username=settings.API_ADMIN_USER).exists():
            raise CommandError(
                f"There is no admin; grant a role with: manage.py adduser NAME --role admin "
                f"({settings.API_ADMIN_USER} exists and is none)."
            )
        password = secrets.token_urlsafe(12)
        services.keep_configured_user(settings.API_ADMIN_USER, password, Role.ADMIN)
        # To the terminal and to no log; it is not shown again.
        self.stdout.write(
            f"\n  First admin: {settings.API_ADMIN_USER}\n  Password:    {password}\n"
            "  It is printed only this once.\n\n"
        )
        self.stdout.flush()
