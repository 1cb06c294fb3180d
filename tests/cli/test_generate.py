# SPDX-License-Identifier: Apache-2.0
"""``portrait generate``: files where they were asked for, one line a mistake, nothing half-made."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from portrait_core.errors import Cancelled
from portrait_core.formats.read_mesh import read_mesh
from tests.cli.conftest import Run

SMALL = ("--model", "balls", "--faces", 600, "--texture-size", 128, "--lattice", 64)


def gltf_of(path: Path) -> dict:
    data = path.read_bytes()
    magic, version, length = struct.unpack("<4sII", data[:12])
    assert (magic, version, length) == (b"glTF", 2, len(data))
    (size,) = struct.unpack("<I", data[12:16])
    return json.loads(data[20 : 20 + size])


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_seeds_become_files(run: Run, balls: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder"
    done = run("generate", "--seed", "3,5", "--out", out, *SMALL)
    assert done.code == 0, done.err
    assert names(out) == ["balls-3.glb", "balls-3.png", "balls-5.glb", "balls-5.png"]
    lines = done.out.splitlines()
    assert [line.split("  ")[0] for line in lines] == [str(out / "balls-3.glb"), str(out / "balls-5.glb")]
    assert "faces" in lines[0] and lines[0].endswith(" s")


def test_json_lines_for_machines(run: Run, balls: Path, tmp_path: Path) -> None:
    done = run(
        *("generate", "--seed", 3, "--out", tmp_path / "out", *SMALL, "--json", "--name", "hero"),
        *("--set", "size=1.5", "--psi", 0.5, "--pose", "head=0,20,0"),
    )
    assert done.code == 0, done.err
    (event,) = done.events
    assert event["event"] == "avatar"
    assert Path(event["path"]) == tmp_path / "out" / "hero.glb"
    assert event["bytes"] == Path(event["path"]).stat().st_size
    assert 300 < event["faces"] <= 600
    assert event["recipe"]["attributes"] == {"size": 1.5}
    assert event["recipe"]["pose"]["head"][1] == pytest.approx(0.349066, abs=1e-6)
    assert {"lattice", "unwrap", "texture", "rig", "write"} <= event["stages"].keys()
    assert sum(event["stages"].values()) <= event["seconds"] + 0.01
    gltf = gltf_of(Path(event["path"]))
    assert event["recipe"]["seed"] == 3
    assert '"balls"' in json.dumps(gltf)


def test_quiet_says_nothing(run: Run, balls: Path, tmp_path: Path) -> None:
    done = run("generate", "--seed", 3, "--out", tmp_path / "out", *SMALL, "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")


def test_a_path_of_a_model_does_not_travel(run: Run, balls: Path, tmp_path: Path) -> None:
    done = run("generate", "--model", balls, "--out", tmp_path / "out", *SMALL[2:], "--json")
    assert done.code == 0, done.err
    assert done.events[0]["recipe"]["model"] == "balls"
    assert str(tmp_path).encode() not in (tmp_path / "out" / "balls-0.glb").read_bytes()


def test_existing_files_are_kept(run: Run, balls: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "balls-3.glb").write_text("mine")
    done = run("generate", "--seed", "2-3", "--out", out, *SMALL)
    assert done.code == 1
    assert "balls-3.glb exists already. Pass --overwrite" in done.error
    assert names(out) == ["balls-3.glb"]
    assert (out / "balls-3.glb").read_text() == "mine"
    assert run("generate", "--seed", "3", "--out", out, *SMALL, "--overwrite").code == 0
    assert gltf_of(out / "balls-3.glb")["asset"]["version"] == "2.0"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--model", "bals"], "unknown model 'bals'. Did you mean balls?"),
        (["--model", "nowhere/x.safetensors"], "no model file at nowhere/x.safetensors"),
        (["--set", "sise=1"], "unknown attribute 'sise' of model balls. Did you mean size?"),
        (["--set", "size=4"], "attribute size is 4; model balls takes -3 to 3."),
        (["--set", "size"], "NAME=NUMBER"),
        (["--pose", "haed=0,20,0"], "haed"),
        (["--seed", "4294967296"], "seed 4294967296 is out of range"),
        (["--seed", "-3"], "is not a seed"),
        (["--psi", "nan"], "psi nan is out of range"),
        (["--faces", "10"], "faces 10 is out of range; it goes from 500 to 200000."),
        (["--texture-size", "100000"], "texture size 100000 is out of range"),
        (["--lattice", "8"], "lattice 8 is out of range"),
        (["--name", "a/b"], "not a file name"),
        (["--seed", "1-2", "--name", "hero"], "put {seed} into it"),
        (["--faces", "many"], "See `portrait generate --help`."),
        (["--colour", "red"], "No such option"),
        (["--colour", "red"], "--colour"),
        (["--latent", "none.json"], "No such file"),
        (["--latent", "none.json", "--seed", "1"], "--seed or --latent, not both"),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(
    run: Run, balls: Path, tmp_path: Path, words: list[str], message: str
) -> None:
    out = tmp_path / "out"
    done = run("generate", "--out", out, "--model", "balls", *words)
    assert done.code == 2
    assert message in done.error
    assert done.out == ""
    assert not out.exists()


@pytest.mark.parametrize(
    ("numbers", "message"), [("[NaN, 0, 0, 0]", "number 0 is nan"), ("[1, 2]", "2 numbers; model")]
)
def test_bad_latents(run: Run, balls: Path, tmp_path: Path, numbers: str, message: str) -> None:
    file = tmp_path / "z.json"
    file.write_text(numbers)
    done = run("generate", "--latent", file, *SMALL)
    assert done.code == 2
    assert message in done.error


def test_a_latent_of_ones_own(run: Run, balls: Path, tmp_path: Path) -> None:
    file = tmp_path / "z.json"
    file.write_text("[0.5, 0, 0, 0]")
    done = run("generate", "--latent", file, *SMALL, "--out", tmp_path / "out", "--json")
    assert done.code == 0, done.err
    assert done.events[0]["recipe"]["latent"] == [0.5, 0, 0, 0]
    assert Path(done.events[0]["path"]).name.startswith("balls-z")


def test_devices_that_are_not_there(run: Run, balls: Path, tmp_path: Path) -> None:
    done = run("generate", *SMALL, "--out", tmp_path / "out", "--device", "gpu")
    assert (done.code, "unknown device 'gpu'" in done.error) == (2, True)
    missing = "mps" if not torch.backends.mps.is_available() else "cuda"
    done = run("generate", *SMALL, "--out", tmp_path / "out", "--device", missing)
    assert (done.code, f"device {missing} is not available" in done.error) == (2, True)


def test_a_damaged_model_is_a_failure(run: Run, balls: Path, tmp_path: Path) -> None:
    balls.write_bytes(balls.read_bytes()[:-2])
    done = run("generate", *SMALL, "--out", tmp_path / "out")
    assert done.code == 1
    assert "truncated" in done.error
    assert not (tmp_path / "out").exists()


def test_an_output_that_is_no_folder(run: Run, balls: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    done = run("generate", *SMALL, "--out", tmp_path / "out")
    assert done.code == 1
    assert "it is a file, not a folder" in done.error


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(run: Run, balls: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir(mode=0o500)
    done = run("generate", *SMALL, "--out", out)
    assert done.code == 1
    assert "not writable" in done.error


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder that nobody may write into")
def test_a_folder_of_a_read_only_file_system(run: Run, balls: Path) -> None:
    done = run("generate", *SMALL, "--out", "/proc/self/portraits")
    assert done.code == 1
    assert "cannot write" in done.error


def test_a_disk_that_fills_up_leaves_no_partial_file(run: Run, balls: Path, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="needs limits on the size of files")
    # once without a limit, so that every cache that the engine keeps is written
    assert run("generate", *SMALL, "--out", tmp_path / "before").code == 0
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, limits[1]))
        done = run("generate", *SMALL, "--out", tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert done.code == 1
    assert "cannot write" in done.error and "larger than" in done.error
    assert names(tmp_path / "out") == []


def test_ctrl_c_is_one_line_and_130(run: Run, balls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("portrait_core.pipeline.maps.bake_colour", interrupt)
    done = run("generate", *SMALL, "--out", tmp_path / "out")
    assert done.code == 130
    assert "interrupted" in done.error
    assert names(tmp_path / "out") == []


def test_cancelling_is_a_failure(run: Run, balls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cancel(*_: object, **__: object) -> None:
        raise Cancelled("stopped by the caller")

    monkeypatch.setattr("portrait_core.pipeline.levels.unwrap", cancel)
    done = run("generate", *SMALL, "--out", tmp_path / "out")
    assert (done.code, done.error) == (1, "stopped by the caller")


def test_the_library_may_unwrap(run: Run, balls: Path, tmp_path: Path) -> None:
    """Another atlas of the same surface, said in the recipe only where it was asked for; made again from its file."""
    words = (*SMALL, "--no-normal-map", "--quiet")
    trees = []
    for number, more in enumerate(([], ["--unwrap", "xatlas"], ["--recipe", str(tmp_path / "1" / "balls-3.glb")])):
        who = [] if number == 2 else ["--seed", 3, *words]
        done = run("generate", *who, "--out", tmp_path / str(number), *more)
        assert done.code == 0, done.err
        trees.append(gltf_of(tmp_path / str(number) / "balls-3.glb"))
    plain, library, again = (tree["asset"]["extras"]["recipe"] for tree in trees)
    assert "unwrap" not in plain and library == again == {**plain, "unwrap": "xatlas"}
    one, two = (read_mesh(tmp_path / number / "balls-3.glb") for number in "01")
    np.testing.assert_array_equal(one.vertices[one.faces], two.vertices[two.faces])
    assert not np.array_equal(one.uvs[one.faces], two.uvs[two.faces])
    assert (tmp_path / "1" / "balls-3.glb").read_bytes() == (tmp_path / "2" / "balls-3.glb").read_bytes()
