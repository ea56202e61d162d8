"""What schemathesis has to know of this API beyond its document. It runs in a process of its own.

FUZZ_PEOPLE names the ids of those it is signed in as, FUZZ_SOMEBODY somebody who is nobody of them;
FUZZ_PUSH is the token of a monitor that is called.
"""

from __future__ import annotations

import os
import re
from typing import Any

import schemathesis
from hypothesis import strategies as st

from tests.tickets.files import PDF, archive, picture
from tickets.attached_files import ENDINGS, PICTURES

PEOPLE = os.environ["FUZZ_PEOPLE"].split(",")
SOMEBODY = os.environ["FUZZ_SOMEBODY"]
PUSH = os.environ["FUZZ_PUSH"]
MINE = re.compile(r"/api/users/\{user_id\}(/erase|/sessions.*|/block)?")
ANYWHERE = {"parse_error", "unsupported_media_type", "database_unavailable"}
FILES: dict[str, bytes] = {
    **{kind: picture(name) for kind, name in PICTURES.items()},
    "application/pdf": PDF,
    "application/zip": archive(),
    "video/mp4": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 40,
    "video/webm": b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm",
    "audio/mpeg": b"ID3\x03\0\0\0\0\0\0" + b"\0" * 40,
    "audio/ogg": b"OggS\0\x02" + b"\0" * 40,
    "text/plain": b"It said: no.",
}
assert FILES.keys() == ENDINGS.keys()
for kind, data in FILES.items():
    schemathesis.openapi.media_type(kind, st.just([data]))  # the field takes several


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Whoever it is signed in as stays who they are: what would change that changes somebody else.

    Nobody guesses the token of a monitor: it is told, and what is sent there is looked at.
    """
    path = case.path_parameters or {}
    if case.operation.path == "/api/push/{token}":
        path["token"] = PUSH
    if case.method != "GET" and MINE.fullmatch(case.operation.path) and path.get("user_id") in PEOPLE:
        path["user_id"] = SOMEBODY


@schemathesis.check
def code_is_documented(context: Any, response: Any, case: Any) -> None:
    """Each refusal's code is one of those which the document names for its status."""
    documented = case.operation.definition.raw["responses"].get(str(response.status_code))
    if response.status_code < 400 or documented is None:
        return
    code = response.json().get("code")
    named = re.findall(r"`([a-z_]+)`", documented.get("description", ""))
    assert code in {None, *named, *ANYWHERE}, f"{code} is none of {named}"
