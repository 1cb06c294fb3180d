# SPDX-License-Identifier: Apache-2.0
"""Files whose names are no UTF-8, or good on one system only, are read; what is made of them has plain names."""

from __future__ import annotations

import json
import os
import struct
import sys
from pathlib import Path

import numpy as np
import pytest

from portrait_core.files.names import check_name, plain_name
from tests.cli.conftest import Run
from tests.cli.test_generate import SMALL

ODD = os.fsdecode(b"m\xe9sh")


@pytest.mark.parametrize(
    ("stem", "plain"),
    [
        (ODD, "m_sh"),
        ("a:b", "a_b"),
        ("müde Łódź", "müde Łódź"),
        ("...", "other"),
        ("con", "other-con"),
        ("\udce9", "other"),
        ("", "other"),
        ("x" * 300, "x" * 200),
        ("é" * 150, "é" * 100),
    ],
)
def test_any_stem_becomes_a_name(stem: str, plain: str) -> None:
    assert plain_name(stem, "other") == plain
    check_name(plain)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names there are always Unicode")
def test_every_file_may_have_such_a_name(run: Run, balls: Path, tmp_path: Path) -> None:
    out = tmp_path / f"out-{ODD}"
    made = run("generate", "--seed", 3, "--name", "a", "--out", out, *SMALL, "--json")
    assert made.code == 0 and Path(made.events[0]["path"]) == out / "a.glb"
    mesh = tmp_path / f"{ODD}.glb"
    mesh.write_bytes((out / "a.glb").read_bytes())

    baked = run("bake", "--mesh", mesh, "--out", out, "--texture-size", 64, "--json")
    assert baked.code == 0, baked.err
    assert (out / "m_sh_base_colour.png").is_file() and (out / "m_sh_baked.glb").is_file()

    motion = tmp_path / f"{ODD}.npz"
    poses = np.zeros((3, 72))
    poses[:, 46] = (0.0, 0.2, 0.4)  # the head
    np.savez(motion, poses=poses, mocap_framerate=30.0, trans=np.zeros((3, 3)))
    again = run("generate", "--recipe", mesh, "--motion", motion, "--out", out, "--name", "b", "--json")
    assert again.code == 0, again.err
    content = (out / "b.glb").read_bytes()
    (size,) = struct.unpack_from("<I", content, 12)
    tree = json.loads(content[20 : 20 + size])
    json.dumps(tree, ensure_ascii=False).encode()  # no half of a sign that no other program reads
    assert [each["name"] for each in tree["animations"]] == ["m_sh"]

    pose = tmp_path / f"{ODD}.json"
    pose.write_text(json.dumps({"head": [0, 0.3, 0]}))
    assert run("generate", "--recipe", mesh, "--pose", pose, "--out", out, "--name", "c").code == 0
    table = tmp_path / f"{ODD}.csv"
    table.write_text("seed\n1\n")
    assert run("batch", "--from", table, "--model", "balls", "--dry-run", "--out", out, "--json").code == 0
    assert run("batch", "--from", tmp_path / f"{ODD}2.csv", "--dry-run").code == 2
