"""`manage.py backup` and `restore`, on the database of this run."""

from __future__ import annotations

import io
import json
import tarfile
import threading
from pathlib import Path

import httpx
import pytest

from tests.operations.house import House
from tests.serving import Server
from tests.tickets.files import picture

pytestmark = [pytest.mark.server, pytest.mark.workers]


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("lived-in"))
    house.manage("prepare", "--demo")
    return house


@pytest.fixture(scope="module")
def kept(lived_in: House) -> Path:
    target = lived_in.data / "kept.tar.gz"
    lived_in.manage("backup", "--output", str(target))
    return target


@pytest.fixture(scope="module")
def sealed(lived_in: House) -> Path:
    target = lived_in.data / "sealed.backup"
    lived_in.manage("backup", "--encrypt", "--output", str(target))
    return target


@pytest.fixture
def new(tmp_path: Path) -> House:
    return House(tmp_path / "new")


def manifest_of(path: Path) -> dict:
    with tarfile.open(path) as tar:
        return json.load(tar.extractfile("manifest.json"))


def changed(source: Path, target: Path, name: str, content: bytes | None) -> Path:
    """A copy in which one file is another, or gone."""
    with tarfile.open(source) as old, tarfile.open(target, "w:gz") as made:
        for member in old:
            data = old.extractfile(member).read()
            if member.name == name:
                if content is None:
                    continue
                data, member.size = content, len(content)
            made.addfile(member, io.BytesIO(data))
    return target


def test_it_comes_back_whole_in_a_new_place(lived_in, kept, new):
    assert kept.stat().st_mode & 0o077 == 0
    said = new.manage("restore", str(kept))
    assert "is restored" in said
    there = new.contents()
    assert there == lived_in.contents() and len(there["messages"]) > 10
    assert (new.data / "secret_key").read_text() == (lived_in.data / "secret_key").read_text()
    assert (new.data / "secret_key").stat().st_mode & 0o077 == 0
    assert "[ ]" not in new.manage("showmigrations")
    assert not list(new.data.glob(".backup-*")) and not list(lived_in.data.glob(".backup-*"))


def test_the_manifest_says_what_it_is(kept):
    told = manifest_of(kept)
    assert told["format"] == 1 and told["version"] and told["database"]["version"]
    assert "0001_initial" in told["migrations"]["tickets"]
    assert set(told["files"]) >= {"database", "settings/secret_key"}


def test_encrypted_it_opens_with_the_passphrase_alone(lived_in, sealed, new):
    assert b"0001_initial" not in sealed.read_bytes() and b"SQLite format" not in sealed.read_bytes()
    assert "does not open" in new.refuses("restore", str(sealed), BACKUP_PASSPHRASE="another passphrase 77")
    assert "set BACKUP_PASSPHRASE" in new.refuses("restore", str(sealed), BACKUP_PASSPHRASE="")
    new.manage("restore", str(sealed))
    assert new.contents() == lived_in.contents()


@pytest.mark.parametrize("passphrase", ["", "short", "your-passphrase-here"])
def test_it_is_not_encrypted_with_a_weak_passphrase(lived_in, tmp_path, passphrase):
    target = tmp_path / "backup"
    said = lived_in.refuses("backup", "--encrypt", "--output", str(target), BACKUP_PASSPHRASE=passphrase)
    assert "Set BACKUP_PASSPHRASE" in said and not target.exists()


def test_what_is_damaged_changes_nothing(kept, sealed, new, tmp_path):
    new.manage("migrate", "-v0")
    before = new.contents()
    data = sealed.read_bytes()
    middle = len(data) // 2
    broken = {
        "cut": data[:-1000],
        "flipped": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
        "nothing": b"",
        "cut in the clear": kept.read_bytes()[:-1000],
        "something else": b"PK\x03\x04" + bytes(1000),
    }
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
        new.refuses("restore", str(tmp_path / name))
    for name, content in (("database", b"SQLite format 3\0"), ("settings/secret_key", None)):
        said = new.refuses("restore", str(changed(kept, tmp_path / "changed", name, content)))
        assert name in said
    assert new.contents() == before and not (new.data / "uploads").exists()


def test_what_came_in_the_tar_beside_it_goes_nowhere(kept, new, tmp_path):
    with tarfile.open(kept) as old, tarfile.open(tmp_path / "evil", "w:gz") as made:
        for member in old:
            made.addfile(member, old.extractfile(member))
        made.addfile(tarfile.TarInfo("../../escaped"), io.BytesIO())
    new.refuses("restore", str(tmp_path / "evil"))
    assert not list(tmp_path.rglob("escaped"))


def test_a_database_that_is_not_empty_is_replaced_by_force_alone(lived_in, kept, tmp_path):
    other = House(tmp_path / "other")
    other.manage("prepare")
    assert "--force" in other.refuses("restore", str(kept))
    assert other.contents()["tickets"] == []
    key = (other.data / "secret_key").read_text()
    other.manage("restore", "--force", str(kept))
    assert other.contents() == lived_in.contents()
    assert (other.data / "secret_key.before-restore").read_text() == key


def test_a_newer_versions_backup_is_refused(kept, new, tmp_path):
    told = manifest_of(kept)
    told["migrations"]["tickets"].append("9999_of_the_future")
    new_manifest = json.dumps(told).encode()
    newer = changed(kept, tmp_path / "newer", "manifest.json", new_manifest)
    assert "tickets.9999_of_the_future" in new.refuses("restore", str(newer))


def test_checking_changes_nothing(kept, new):
    assert "is whole" in new.manage("restore", "--check", str(kept))
    assert not (new.data / "uploads").exists() and not (new.data / "hazebot.sqlite3").exists()


def talk(server: Server, ticket: str, token: str, told: list[str], stop: threading.Event) -> None:
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {token}"}) as client:
        number = 0
        while not stop.is_set():
            name = f"{threading.get_ident()}-{number}"
            if number % 5 == 4:
                files = {"file": (f"{name}.png", picture("PNG", (number + 1, 7)), "image/png")}
                url = f"/api/tickets/{ticket}/attachments"
                client.post(url, files=files, data={"message": name}).raise_for_status()
            else:
                client.post(f"/api/tickets/{ticket}/send", json={"message": name}).raise_for_status()
            told.append(name)
            number += 1


def test_a_backup_of_a_busy_site_has_all_that_was_acknowledged_before(server, tmp_path):
    assert "HazeBot is running" in _house_of(server).refuses("restore", str(_kept(server, tmp_path)))
    told, stop, tokens = [], threading.Event(), [server.token(name) for name in ("alice", "mallory")]
    tickets = [server.open_ticket(name)["ticket_id"] for name in ("alice", "mallory")]
    writers = [
        threading.Thread(target=talk, args=(server, ticket, token, told, stop))
        for ticket, token in zip(tickets, tokens, strict=True)
    ]
    for writer in writers:
        writer.start()
    try:
        while len(told) < 20:
            assert any(writer.is_alive() for writer in writers)
        before = list(told)
        kept = _kept(server, tmp_path)
        assert len(told) > len(before)  # it went on meanwhile
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    new = House(tmp_path / "new")
    new.manage("restore", str(kept))
    there = new.contents()
    assert set(before) <= set(there["messages"])
    assert there["files"] and all(stored == read for stored, read in there["files"])


def _house_of(server: Server) -> House:
    return House(server.data, API_PORT=str(server.port))


def _kept(server: Server, folder: Path) -> Path:
    target = folder / "busy.tar.gz"
    _house_of(server).manage("backup", "--output", str(target))
    return target
