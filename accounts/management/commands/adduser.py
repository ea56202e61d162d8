from __future__ import annotations

import getpass
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import services
from accounts.roles import GRANTABLE, Role
from hazesite.errors import Refused


class Command(BaseCommand):
    help = "Add a local account. Asks for the password, or reads it from standard input (one line)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--role", choices=[str(role) for role in GRANTABLE], default=str(Role.LOOTLING))
        parser.add_argument("--password", help="visible to others on this machine; prefer standard input")

    def handle(self, *_args: Any, **options: Any) -> None:
        password = options["password"] or self._asked()
        try:
            validate_password(password)
            user = services.add_user(options["name"], password, options["role"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except Refused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Added {user.username} ({user.role.label}), user id {user.user_id}.")

    def _asked(self) -> str:
        if not sys.stdin.isatty():
            return sys.stdin.readline().rstrip("\n")
        password = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != password:
            raise CommandError("The two passwords differ.")
        return password
