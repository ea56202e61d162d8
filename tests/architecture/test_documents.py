"""Commands, options, targets, files and links that the documents name are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from tests.architecture.test_layers import ROOT

PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
COMMAND = re.compile(r"manage\.py ([a-z_]+)((?: --[a-z-]+(?:[ =][^\s`|)\-]\S*)?)*)")
TARGET = re.compile(r"`make ([a-z-]+)")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)(?:#([^)]+))?\)")
SCRIPT = re.compile(r"(?<![\w/.])((?:scripts|deploy)/[\w./@-]+\w)")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def heading(line: str) -> str:
    """As GitHub makes an anchor of it."""
    return re.sub(r"[^\w\- ]", "", line.lstrip("# ").strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_and_their_options_exist(page):
    known = get_commands()
    for command, options in COMMAND.findall(page.read_text(encoding="utf-8")):
        assert command in known, command
        parser = load_command_class(known[command], command).create_parser("manage.py", command)
        for option in re.findall(r"--[a-z-]+", options):
            assert option in parser._option_string_actions, f"{command} {option}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_targets_files_and_links_exist(page):
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(TARGET.findall(text)) <= set(targets)
    for script in SCRIPT.findall(text):
        assert (ROOT / script).exists(), script
    for target, anchor in LINK.findall(text):
        other = (page.parent / target).resolve()
        assert other.exists(), target
        if anchor:
            lines = other.read_text(encoding="utf-8").splitlines()
            assert anchor in [heading(line) for line in lines if line.startswith("#")], anchor
