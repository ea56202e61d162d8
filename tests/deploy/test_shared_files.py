"""Attachments in a bucket: what the tests of attachments say of a disk holds of it too."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from hazesite import environment
from hazesite.shared_files import Bucket, Remote
from tests.deploy.bucket import SECRET, bucket_server
from tests.serving import Server
from tests.tickets.files import picture
from tests.tickets.test_attachments import *  # noqa: F403 - the same tests, once more

pytestmark = [pytest.mark.django_db, pytest.mark.workers, pytest.mark.once]
DISK_ALONE = ("test_files_are_there_whole_or_not_at_all", "test_what_a_killed_process_left_is_swept_away")
for _name in DISK_ALONE:
    del globals()[_name]


@pytest.fixture(scope="module")
def uploads_url() -> Iterator[str]:
    with bucket_server() as url:
        yield url


@pytest.fixture(autouse=True)
def in_a_bucket(uploads_url: str, settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPLOADS_URL", uploads_url)
    options = environment.bucket("UPLOADS_URL")
    changed = {"BACKEND": "hazesite.shared_files.Bucket", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": changed}


def test_the_bytes_are_in_the_bucket_and_on_no_disk(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "uploads"
    assert default_storage.save("files/aa/x", ContentFile(b"words")) == "files/aa/x"
    keys = [found.key for found in default_storage.bucket.objects.all()]
    assert "files-of-hazebot/files/aa/x" in keys
    assert not settings.MEDIA_ROOT.exists()
    assert default_storage.save("files/aa/x", ContentFile(b"other")) == "files/aa/x"
    with default_storage.open("files/aa/x") as file:
        assert file.read() == b"other"
    default_storage.delete("files/aa/x")
    assert not default_storage.exists("files/aa/x")
    with pytest.raises(FileNotFoundError):
        default_storage.open("files/aa/x")


def test_a_part_of_a_file_costs_that_part(monkeypatch):
    data = os.urandom(2**20)
    default_storage.save("files/aa/large", ContentFile(data))
    asked: list[str] = []
    with default_storage.open("files/aa/large") as file:
        client = default_storage.connection.meta.client
        client.meta.events.register(
            "before-call.s3.GetObject", lambda params, **_: asked.append(params["headers"]["Range"])
        )
        assert asked == []
        file.seek(2**20 - 100)
        assert file.read(50) == data[-100:-50]
        assert file.read() == data[-50:]
        file.seek(0)
        assert file.read() == data
    assert asked == [f"bytes={2**20 - 100}-", "bytes=0-"]


def test_a_picture_is_read_from_it_as_from_a_disk():
    from PIL import Image

    data = picture("PNG", (400, 300))
    default_storage.save("files/aa/picture", ContentFile(data))
    with default_storage.open("files/aa/picture") as file, Image.open(file) as shown:
        shown.load()
        assert shown.size == (400, 300)


def test_a_stream_that_breaks_off_is_taken_up_where_it_was():
    data, starts = os.urandom(1000), []

    class Breaking(io.BytesIO):
        def read(self, most=-1):
            if self.tell() >= 300 and len(starts) < 3:
                raise ConnectionResetError
            return super().read(min(most, 100))

    def part(start):
        starts.append(start)
        return Breaking(data[start:])

    assert io.BufferedReader(Remote(part, 1000), 64).read() == data
    assert starts == [0, 300, 600]


def test_one_that_never_comes_is_an_error_and_not_a_shorter_file():
    with pytest.raises(OSError, match="less than it announced"):
        io.BufferedReader(Remote(lambda start: io.BytesIO(b"half"[start:]), 8)).read()


def test_the_address_is_read_whole(uploads_url):
    options = environment.bucket("UPLOADS_URL")
    assert options is not None
    assert (options["secret_key"], options["region_name"]) == (SECRET, "us-east-1")
    assert (options["bucket_name"], options["location"]) == ("uploads", "files-of-hazebot")
    assert Bucket(**options).default_acl is None


@pytest.mark.parametrize(
    "wrong",
    [
        "https://host/bucket", "s3://key:secret@host", "s3://key@host/bucket", "s3://k:s@host/b?rgion=x",
        "s3://k:s@host/b?tls=no", "s3://k:s@host:port/b", "s3://k:s@host/b?region",
    ],
)  # fmt: skip
def test_what_is_no_such_address_is_refused(monkeypatch, wrong):
    monkeypatch.setenv("UPLOADS_URL", wrong)
    with pytest.raises(ImproperlyConfigured, match="UPLOADS_URL"):
        environment.bucket("UPLOADS_URL")


def test_without_a_host_and_keys_it_is_amazon_and_the_machines_role(monkeypatch):
    monkeypatch.setenv("UPLOADS_URL", "s3:///bucket?region=eu-central-1")
    options = environment.bucket("UPLOADS_URL")
    assert options is not None
    assert options["endpoint_url"] is options["access_key"] is options["secret_key"] is None


@pytest.mark.server
def test_what_one_server_takes_another_gives_in_parts_from_its_event_loop(uploads_url, tmp_path):
    """Two folders, as two hosts have: only the database and the bucket are shared."""
    first = Server(tmp_path / "first", command=("web",), environment={"UPLOADS_URL": uploads_url})
    first.prepare()
    shared = {"UPLOADS_URL": uploads_url, "SECRET_KEY": (tmp_path / "first/secret_key").read_text()}
    if not os.environ.get("TEST_DATABASE_URL"):
        shared["DATABASE_URL"] = f"sqlite:///{tmp_path}/first/hazebot.sqlite3"
    else:
        shared["DATABASE_URL"] = first.surroundings()["DATABASE_URL"]
    second = Server(tmp_path / "second", command=("web",), environment=shared)
    data = picture("PNG", (900, 700))
    try:
        first.start()
        second.start()
        ticket_id = first.open_ticket()["ticket_id"]
        with first.client("alice") as client, second.client("alice") as other:
            sent = client.post(
                f"/api/tickets/{ticket_id}/attachments", files={"file": ("a.png", data, "image/png")}
            )
            file = sent.raise_for_status().json()["message"]["attachments"][0]["url"]
            whole = other.get(file)
            part = other.get(file, headers={"Range": "bytes=1000-200000"})
            assert whole.content == data, len(whole.content)
            assert (part.status_code, part.content) == (206, data[1000:200001])
            assert other.get(file, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304
    finally:
        first.stop()
        second.stop()
    assert not (tmp_path / "first/uploads").exists() and not (tmp_path / "second/uploads").exists()
