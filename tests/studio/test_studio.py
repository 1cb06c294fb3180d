# SPDX-License-Identifier: Apache-2.0
"""The studio without a browser: who may come in, what pages may say, how work is left for newer work."""

from __future__ import annotations

import errno
import threading
from typing import Any

import numpy as np
import pytest

from portrait_core.engine.faults import fault_of
from portrait_core.errors import Remedy, UsageError
from portrait_core.recipe import Recipe
from studio.advice import WORDS, advice
from studio.attribute_groups import group_of
from studio.door import Door
from studio.history import History
from studio.lanes import Lane
from studio.scene_file import loader_normals
from studio.served import Served


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "127.0.0.1:8765", "origin": "http://127.0.0.1:8765"}, 200),
        ({"host": "localhost:9000", "origin": "http://localhost:9000"}, 200),
        ({"host": "evil.example:8765", "origin": "http://evil.example:8765"}, 421),
        ({"host": "127.0.0.1:8765", "origin": "http://evil.example"}, 403),
        ({"host": "127.0.0.1:8765", "origin": "null"}, 403),
        ({"host": "127.0.0.1:8765"}, 403),
        ({"host": ""}, 421),
        ({"host": "localhost@evil.example"}, 421),
    ],
)
def test_names_and_origins(headers: dict[str, str], status: int) -> None:
    assert Door.of("127.0.0.1", 8765).judge(headers, "/", upgrade=True).status == status


def test_the_token() -> None:
    door = Door.of("0.0.0.0", 8765)
    assert len(door.token) >= 40
    headers = {"host": "192.0.2.7:8765", "origin": "http://192.0.2.7:8765"}
    assert door.judge(headers, "/", upgrade=True).status == 403
    assert door.judge(headers, "/?token=wrong", upgrade=False).status == 403
    let_in = door.judge(headers, f"/?token={door.token}", upgrade=False)
    assert let_in.status == 303
    cookie = let_in.cookie.split(";")[0]
    assert door.judge({**headers, "cookie": cookie}, "/", upgrade=True).status == 200
    assert door.judge({**headers, "cookie": cookie + "x"}, "/", upgrade=True).status == 403


def test_bad_messages_are_refused() -> None:
    msgspec = pytest.importorskip("msgspec")
    from studio.messages import MAX_UPLOAD, Gate

    def packed(**said: Any) -> bytes:
        return msgspec.msgpack.encode(said)

    gate = Gate()
    assert gate.passes(packed(type="GuiUpdateMessage", uuid="a", updates={"value": 0.5}))
    upload = {"source_component_uuid": "a", "transfer_uuid": "b", "filename": "x.glb", "mime_type": "", "part_count": 1}
    bad = [
        b"",
        b"\xff" * 40,
        "text",
        packed(type="ShareUrlRequest"),
        packed(type="GuiUpdateMessage", uuid="a", updates={"update_cb": []}),
        packed(type="GuiUpdateMessage", uuid="a", updates={"value": float("nan")}),
        packed(type="FileTransferStartUpload", size_bytes=MAX_UPLOAD + 1, **upload),
        packed(type="FileTransferStartUpload", size_bytes=2**30, **upload),
        packed(type="FileTransferPart", source_component_uuid="a", transfer_uuid="c", part_index=0, content=b"x"),
    ]
    for number in range(10_000):
        assert not gate.passes(bad[number % len(bad)])
    assert gate.bad == 10_000
    assert gate.shut
    assert gate.passes(packed(type="FileTransferStartUpload", size_bytes=3, **upload))
    part = {"type": "FileTransferPart", "source_component_uuid": "a", "transfer_uuid": "b", "part_index": 0}
    assert not gate.passes(packed(**part, content=b"xxxx"))
    assert gate.passes(packed(**part, content=b"xxx"))


def test_only_what_was_kept_is_served() -> None:
    served = Served(most=10)
    first = served.keep(b"123456", "image/png")
    assert served.find(first) == ("image/png", b"123456")
    assert served.find("/maps/../../etc/passwd") is None
    served.keep(b"abcdefgh", "image/jpeg")
    assert served.find(first) is None


def test_newer_work_stops_older() -> None:
    begun, done = threading.Event(), threading.Event()
    seen: list[str] = []

    def old(watch: Any) -> None:
        begun.set()
        while True:
            watch.check()

    def new(_watch: Any) -> None:
        seen.append("new")
        done.set()

    lane = Lane("test", lambda error: seen.append(str(error)), lambda _stage, _share: None, lambda: None)
    lane.ask("draw", old)
    assert begun.wait(10)
    lane.ask("draw", lambda _watch: seen.append("never"), after=60)
    lane.ask("draw", new)
    assert done.wait(10)
    lane.end()
    assert seen == ["new"]


def test_the_history_forgets_what_followed() -> None:
    people = [Recipe(seed=seed) for seed in range(4)]
    history = History(people[0])
    for each in people[1:3]:
        history.note(each)
    assert history.step(-1) == people[1]
    history.note(people[3])
    assert history.place == (3, 3)
    assert history.step(5) == people[3]


def test_normals_of_the_loader_are_those_of_a_plain_loop() -> None:
    rng = np.random.default_rng(0)
    places = rng.normal(size=(9, 3)).astype(np.float32)
    faces = rng.integers(0, 8, (12, 3)).astype(np.int32)
    slow = np.zeros((9, 3))
    for a, b, c in faces:
        normal = np.cross(places[c] - places[b], places[a] - places[b])
        for corner in (a, b, c):
            slow[corner] += normal
    length = np.linalg.norm(slow, axis=1, keepdims=True)
    assert np.allclose(loader_normals(places, faces), slow / np.where(length > 0, length, 1), atol=1e-5)


def test_what_the_page_says_to_do_fits_the_fault() -> None:
    wrong_file = fault_of(UsageError("notes.txt is no recipe; a .json, .glb or photograph was expected."))
    assert wrong_file.advice and advice(wrong_file) == ""
    lacking = fault_of(UsageError("no networks.", remedy=Remedy("set_up_networks")))
    assert advice(lacking) == WORDS["set_up_networks"]
    assert "room" in advice(fault_of(OSError(errno.ENOSPC, "No space left on device")))


def test_sliders_lie_in_groups() -> None:
    assert [group_of(name) for name in ("hair_red", "hair_bald", "eye_size", "eye_blue", "zest")] == [
        "Hair", "Hair styles", "Face", "Eyes and brows", "More",
    ]  # fmt: skip
