# SPDX-License-Identifier: Apache-2.0
"""``--face-motion``, ``--lipsync``, ``--idle``: animations in files, stills and films; a line for what is wrong."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from portrait_core.formats.gltf import read_gltf
from tests.cli.conftest import Run
from tests.face.samples import RHUBARB_TSV, live_link

SMALL = ("--model", "balls", "--faces", 600, "--texture-size", 64, "--lattice", 64)


@pytest.fixture
def take(tmp_path: Path) -> Path:
    path = tmp_path / "take.csv"
    path.write_bytes(live_link(2))
    return path


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / "talk.tsv"
    path.write_bytes(RHUBARB_TSV)
    return path


def animated(path: Path) -> dict[tuple[str, str], int]:
    """Keys by the node and path of each channel of a file's one animation."""
    gltf = read_gltf(path)
    (animation,) = gltf.entries("animations")
    return {
        (gltf.entries("nodes")[each["target"]["node"]]["name"], each["target"]["path"]): len(
            gltf.array(animation["samplers"][each["sampler"]]["input"])
        )
        for each in animation["channels"]
    }


def test_a_shell_turns_its_head_and_a_line_says_what_it_lacks(
    run: Run, balls: Path, take: Path, tmp_path: Path
) -> None:
    done = run("generate", "--seed", 3, "--out", tmp_path / "out", *SMALL, "--face-motion", take)
    assert done.code == 0, done.err
    assert f"{take}: Live Link Face; 120 frames; 52 shapes; time code of 60 frames a second." in done.err
    assert "take: the avatar has no shapes; its joints alone are moved." in done.err
    found = animated(tmp_path / "out" / "balls-3.glb")
    assert set(found) == {("neck", "rotation"), ("head", "rotation")}
    assert 2 < found["head", "rotation"] <= 120


def test_idle_is_each_seed_s_own_and_the_same_each_time(run: Run, balls: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ("generate", "--seed", "3,4", *SMALL, "--idle", 6, "--quiet")
    assert run(*words, "--out", out).code == 0
    assert run(*words, "--out", tmp_path / "again").code == 0
    first, other = (read_gltf(out / f"balls-{seed}.glb") for seed in (3, 4))
    assert (out / "balls-3.glb").read_bytes() == (tmp_path / "again" / "balls-3.glb").read_bytes()
    sways = [gltf.array(gltf.entries("animations")[0]["samplers"][0]["output"]) for gltf in (first, other)]
    assert sways[0].shape != sways[1].shape or not np.array_equal(*sways)
    assert ("spine3", "rotation") in animated(out / "balls-3.glb")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--face-motion", "none.csv"), "none.csv: the file does not exist."),
        (("--lipsync", "none.tsv"), "none.tsv: the file does not exist."),
        (("--idle", "1"), "an idle loop lasts 2 to 600 seconds, got 1."),
        (("--lipsync", "none.tsv", "--lipsync-strength", "3"), "lip-sync: the strength goes from 0 to 2, got 3."),
    ],
)
@pytest.mark.parametrize("command", ["generate", "render", "video"])
def test_mistakes_are_told_in_a_line_before_any_work(
    run: Run, balls: Path, tmp_path: Path, command: str, words: tuple[str, ...], line: str
) -> None:
    done = run(command, "--model", "balls", "--seed", 3, "--out", tmp_path / "out", *words)
    assert done.code == 2 and done.error == line
    assert not (tmp_path / "out").exists()


def test_a_file_of_the_other_kind_is_told_as_that(run: Run, balls: Path, take: Path, talk: Path) -> None:
    done = run("generate", "--model", "balls", "--lipsync", take)
    assert done.error == f"{take}: it holds weights of shapes, a recording of a face, and was given as the other."
    done = run("generate", "--model", "balls", "--face-motion", talk)
    assert done.error == f"{talk}: it holds cues of speech, a lip-sync, and was given as the other."


def test_a_still_of_a_moment(run: Run, balls: Path, take: Path, tmp_path: Path) -> None:
    pictures: list[np.ndarray] = []
    for seconds in (0.0, 1.5):
        out = tmp_path / str(seconds)
        done = run("render", "--seed", 3, "--out", out, *SMALL, "--size", 64, "--face-motion", take, "--at", seconds)
        assert done.code == 0, done.err
        (path,) = out.iterdir()
        pictures.append(np.asarray(Image.open(path)))
    assert not np.array_equal(*pictures)
    done = run("render", *SMALL, "--out", tmp_path / "o", "--face-motion", take, "--source", "field")
    assert done.code == 2 and "seen on the mesh alone" in done.err
    done = run("render", *SMALL, "--out", tmp_path / "o", "--face-motion", take, "--at", -1)
    assert done.code == 2 and done.error == "--at -1: expected seconds from 0 on."


def test_a_film_with_its_sound(run: Run, balls: Path, take: Path, tmp_path: Path) -> None:
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16000 * 3))
    done = run(
        *("video", "--model", "balls", "--seed", 3, "--out", tmp_path / "out", "--size", 32, "--frame-rate", 4),
        *("--face-motion", take, "--sound", tmp_path / "a.wav"),
    )
    assert done.code == 0, done.err
    path = tmp_path / "out" / "balls-3-still.mp4"
    read = ffmpeg.read_frames(str(path))
    facts = next(read)
    # Two seconds of sixty frames end before the eighth frame of four a second.
    assert facts["audio_codec"] == "aac" and facts["size"] == (32, 32) and len(list(read)) == 8
    done = run(
        "video", "--model", "balls", "--seed", "3-4", "--face-motion", take, "--grid", "2x1", "--out", tmp_path / "o"
    )
    assert done.code == 2 and "filmed alone" in done.err
