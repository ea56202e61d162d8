from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]
READ = re.compile(
    r'env\.(?:text|flag|number|choice|names|database|address|origins|networks|snowflake|service_account|bucket|secret|extra_users)\(\s*"([A-Z_]+)"'
)
NAMED = re.compile(r"^#?\s?([A-Z][A-Z_]+)=", re.MULTILINE)


def test_the_example_environment_names_every_variable_in_the_order_settings_read_them():
    read = list(dict.fromkeys(READ.findall((ROOT / "hazesite/settings.py").read_text())))
    assert NAMED.findall((ROOT / ".env.example").read_text()) == read


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())


def test_what_the_owner_asked_for_is_pinned():
    wanted = {
        "django", "djangorestframework", "djangorestframework-simplejwt", "channels", "channels-redis",
        "daphne", "django-cors-headers", "social-auth-app-django", "psutil", "firebase-admin",
        "discord-py", "django-ratelimit", "pytest-django",
    }  # fmt: skip
    pinned = re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert wanted <= set(pinned)
