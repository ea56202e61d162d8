from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from hazesite.operations.doctor import Finding, State, as_json, examine, is_well


class Command(BaseCommand):
    help = "One page: is all well, and what to do about what is not. Ends with 1 when something is an error."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *_args: Any, **options: Any) -> None:
        findings = examine()
        if options["json"]:
            self.stdout.write(json.dumps(as_json(findings), indent=1))
        else:
            for finding in findings:
                self._tell(finding)
        self.stdout.flush()
        if not is_well(findings):
            sys.exit(1)

    def _tell(self, finding: Finding) -> None:
        paint = {
            State.OK: self.style.SUCCESS, State.WARNING: self.style.WARNING, State.ERROR: self.style.ERROR,
        }[finding.state]  # fmt: skip
        self.stdout.write(f"{paint(f'{finding.state:8}')}{finding.name}: {finding.message}")
        if finding.advice:
            self.stdout.write(f"        -> {finding.advice}")
