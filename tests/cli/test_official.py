# SPDX-License-Identifier: Apache-2.0
"""The commands for official models, on a small model of the same architecture."""

from __future__ import annotations

import json
import lzma
import struct
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from portrait_core.cameras import Camera
from portrait_core.geometry.mesh_queries import closest_points
from portrait_core.models.portrait_gan.legacy_grid import world_of_mesh
from tests.cli.conftest import Run
from tests.published_model import install

FIXTURE = Path(__file__).parents[1] / "data" / "vectors" / "checkpoint_fixture.pkl.xz"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models")
    install(path)
    return path


@pytest.fixture
def bust(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PORTRAITKIT_MODELS", str(folder))
    return "bust"


def picture(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB")).astype(float)


def test_a_model_from_import_to_removal(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTRAITKIT_MODELS", str(tmp_path / "models"))
    source = tmp_path / "network.pkl"
    source.write_bytes(lzma.decompress(FIXTURE.read_bytes()))
    done = run("models", "import", source)
    assert done.code == 0 and done.out.startswith("official-128  ") and "SMPL licence" in done.err
    assert run("models", "import", source, "--name", "official-128").error.startswith(str(tmp_path))
    assert run("models", "where", "official-128").out.strip() == str(tmp_path / "models" / "official-128.safetensors")
    assert run("models", "where").out.strip() == str(tmp_path / "models")
    assert "official-128" in run("models", "list").out
    info = run("models", "info", "official-128").out
    assert "SMPL" in info and "16 numbers" in info
    assert run("models", "verify", "official-128").out == "official-128  sound\n"
    path = tmp_path / "models" / "official-128.safetensors"
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    damaged = run("models", "verify")
    assert damaged.code == 1 and "starter  sound" in damaged.out and "official-128  damaged" in damaged.out
    assert run("models", "remove", "official-128", "--yes").code == 0 and not path.exists()
    assert "comes with Portraitkit" in run("models", "remove", "starter", "--yes").error
    assert "comes with Portraitkit" in run("models", "import", source, "--name", "starter").error
    assert "model name '../x'" in run("models", "import", source, "--name", "../x").error


def test_a_pickle_that_would_run_something_does_not(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTRAITKIT_MODELS", str(tmp_path / "models"))
    canary = tmp_path / "canary"
    evil = tmp_path / "evil.pkl"
    evil.write_bytes(b"\x80\x04cos\nsystem\n(V" + f"touch {canary}".encode() + b"\ntR.")
    assert "os.system" in run("models", "import", evil).error
    assert not canary.exists() and not (tmp_path / "models").exists()


def test_pictures(run: Run, bust: str, tmp_path: Path) -> None:
    done = run("render", "-m", bust, "--yaw", "0,90", "--size", 96, "--depth", "--mask", "-o", tmp_path, "--json")
    assert done.code == 0 and len(done.events) == 6 and done.events[0]["source"] == "field"
    front, side = picture(tmp_path / "bust-0-yaw+0-pitch+0.png"), picture(tmp_path / "bust-0-yaw+90-pitch+0.png")
    assert front.shape == (96, 96, 3) and np.abs(front - side).mean() > 1
    mask = picture(tmp_path / "bust-0-yaw+0-pitch+0-mask.png")[..., 0] > 127
    assert 0.1 < mask.mean() < 0.9
    plain = tmp_path / "plain"
    assert run("render", "-m", bust, "--size", 96, "--plain", "-o", plain).code == 0
    assert np.abs(picture(plain / "bust-0-yaw+0-pitch+0.png") - front).max() <= 1


def test_the_three_stills(run: Run, bust: str, tmp_path: Path) -> None:
    assert run("render", "-m", bust, "--three", "--size", 64, "--truncation", 0.6, "-o", tmp_path).code == 0
    sheet = picture(tmp_path / "bust-0-three.png")
    assert sheet.shape == (64, 192, 3)
    assert run("render", "-m", bust, "--yaw=-180,0", "--size", 64, "--psi", 0.6, "-o", tmp_path).code == 0
    np.testing.assert_array_equal(sheet[:, :64], picture(tmp_path / "bust-0-yaw-180-pitch+0.png"))
    np.testing.assert_array_equal(sheet[:, 128:], picture(tmp_path / "bust-0-yaw+0-pitch+0.png"))


def test_poses_conditioning_and_samples_matter(run: Run, bust: str, tmp_path: Path) -> None:
    ways = {
        "rest": [],
        "posed": ["--pose", "head=0,30,0"],
        "identical": ["--conditioning", "identical"],
        "few": ["--samples", "1", "--neural-resolution", "32"],
    }
    found = {}
    for way, words in ways.items():
        done = run("render", "-m", bust, "--yaw", 40, "--size", 64, "-o", tmp_path / way, *words)
        assert done.code == 0, done.err
        found[way] = picture(tmp_path / way / "bust-0-yaw+40-pitch+0.png")
    for way in ("posed", "identical", "few"):
        assert np.abs(found[way] - found["rest"]).max() > 3, way


def test_pictures_like_references(run: Run, bust: str, tmp_path: Path) -> None:
    turned = Camera.orbit(0.6, 0.1)
    labels = [
        ["a/one.png", [*map(float, Camera.orbit().label), 0, 0, 0, 0, 0.5, 0]],
        ["b/one.png", [*map(float, turned.label), 0, 0, 0, 0, 0, 0]],
    ]
    path = tmp_path / "dataset.json"
    path.write_text(json.dumps({"labels": labels}))
    assert run("render", "-m", bust, "--like", path, "--size", 64, "-o", tmp_path).code == 0
    one, two = picture(tmp_path / "bust-0-one.png"), picture(tmp_path / "bust-0-one-1.png")
    assert np.abs(one - two).mean() > 1
    path.write_text(json.dumps({"x.png": {"camera_pose": turned.cam2world.ravel().tolist()}}))
    assert run("render", "-m", bust, "--like", path, "--size", 64, "-o", tmp_path).code == 0
    assert np.abs(picture(tmp_path / "bust-0-x.png") - two).max() <= 1
    path.write_text(json.dumps({"labels": [["a", [1, 2]]]}))
    assert "labels, entry 0 (a): expected 25 or 31 finite numbers" in run("render", "-m", bust, "--like", path).error


def test_poses_are_read(run: Run, bust: str, tmp_path: Path) -> None:
    assert run("pose", "-m", bust, "--seed", "0-1", "--yaw", 20, "-o", tmp_path).code == 0
    first = tmp_path / "bust-0-pose.json"
    facts = json.loads(first.read_text())
    assert set(facts) == {"unit", "neck", "head"} and np.abs([facts["neck"], facts["head"]]).max() > 0
    assert run("render", "-m", bust, "--size", 32, "--pose", first, "-o", tmp_path).code == 0
    drawn = run("pose", "-m", bust, "--from", "latent", "-o", tmp_path / "drawn", "--json")
    assert drawn.code == 0 and drawn.events[0]["pose"]["neck"] != facts["neck"]

    photos = tmp_path / "photos"
    for each in ("aligned_images", "mask"):
        (photos / each).mkdir(parents=True)
    Image.new("RGB", (100, 100), (90, 40, 10)).save(photos / "aligned_images" / "me.png")
    Image.new("L", (100, 100), 255).save(photos / "mask" / "me.png")
    front = Camera.orbit().cam2world.ravel().tolist()
    (photos / "result.json").write_text(json.dumps({"me.png": {"camera_pose": front}}))
    assert run("pose", "-m", bust, "--images", photos, "-o", tmp_path).code == 0
    assert (tmp_path / "me-pose.json").is_file()
    (photos / "mask" / "me.png").unlink()
    assert "there is no" in run("pose", "-m", bust, "--images", photos, "-o", tmp_path / "b").error


def test_videos(run: Run, bust: str, tmp_path: Path) -> None:
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    words = ["-m", bust, "--frames", 3, "--size", 64, "--samples", 1, "-o", tmp_path]
    assert run("video", *words).code == 0
    assert run("video", *words, "--path", "walk", "--seed", "0-1", "--depth").code == 0
    assert run("video", *words, "--path", "sway", "--seed", "0-3", "--grid", "2x2").code == 0
    for name, frames, size in (("bust-0-turntable", 3, 64), ("bust-0-walk", 6, 64), ("bust-0-sway-2x2", 3, 128)):
        read = imageio_ffmpeg.read_frames(str(tmp_path / f"{name}.mp4"))
        facts = next(read)
        pictures = [np.frombuffer(frame, np.uint8) for frame in read]
        assert facts["size"] == (size, size) and len(pictures) == frames, name
        assert np.abs(pictures[0].astype(float) - pictures[len(pictures) // 2]).mean() > 0.5, name
    assert "goes between the people" in run("video", *words, "--path", "walk").error
    assert "COLUMNSxROWS" in run("video", *words, "--grid", "3x3").error


def test_shapes(run: Run, bust: str, tmp_path: Path) -> None:
    words = ["shape", "-m", bust, "--resolution", 64]
    assert run(*words, "-f", "ply,mrc", "-o", tmp_path).code == 0
    mesh = trimesh.load(tmp_path / "bust-0.ply")
    assert mesh.is_watertight and 0.2 < np.ptp(mesh.vertices[:, 1]) <= 1.0
    data = (tmp_path / "bust-0.mrc").read_bytes()
    assert struct.unpack("<4i", data[:16]) == (64, 64, 64, 2) and len(data) == 1024 + 4 * 64**3
    volume = np.frombuffer(data[1024:], "<f4").reshape(64, 64, 64)  # z, y, x
    solid = np.argwhere(volume > 10).mean(axis=0) / 63 - 0.5
    assert abs(solid[2]) < 0.05, "the bust stands in the middle"
    assert run(*words, "-f", "ply,mrc", "--raw", "--level", 10, "-o", tmp_path / "raw").code == 0
    raw = trimesh.load(tmp_path / "raw" / "bust-0.ply")
    world = world_of_mesh(np.asarray(raw.vertices, np.float32), 64)
    _, _, apart = closest_points(mesh.vertices, mesh.faces)(world)
    inner = np.abs(world).max(axis=1) < 0.29
    assert inner.sum() > 20 and np.quantile(apart[inner], 0.9) < 0.01
    assert run(*words, "--pose", "head=0,45,0", "-o", tmp_path / "posed").code == 0
    posed = trimesh.load(tmp_path / "posed" / "bust-0.ply")
    moved = np.abs(posed.vertices - mesh.vertices).max(axis=1)
    high = mesh.vertices[:, 1] > 0.15
    assert moved[high].max() > 0.02 and np.median(moved[mesh.vertices[:, 1] < -0.2]) < 1e-4


def test_an_avatar_of_it(run: Run, bust: str, tmp_path: Path) -> None:
    done = run(
        "generate", "-m", bust, "--faces", 2000, "--texture-size", 256, "--lattice", 96, "--texture", "field",
        "-o", tmp_path, "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    scene = trimesh.load(tmp_path / "bust-0.glb")
    assert sum(len(each.faces) for each in scene.geometry.values()) <= 2000
    # Cut flat where the pictures end, and closed there.
    low, high = scene.bounds[:, 1]
    assert abs(low + 0.15) < 1e-3 and 0.2 < high < 0.5
    assert done.events[-1]["recipe"]["model"] == "bust"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["render", "--cutoff", 3], "--cutoff is for official models"),
        (["render", "--plain", "--source", "field"], "--plain is for official models"),
        (["shape"], "needs a model of the published architecture"),
        (["pose"], "needs a model of the published architecture"),
        (["render", "--samples", 99], "--samples 99"),
        (["render", "--memory", "much"], "--memory 'much'"),
        (["render", "--compile"], "--compile is for official models"),
        (["render", "--precision", "fp8"], "--precision 'fp8'"),
        (["render", "--conditioning", "both"], "--conditioning 'both'"),
        (["render", "--three", "--turntable", 4], "--turntable and --three"),
        (["video", "--path", "up"], "--path 'up'"),
        (["video", "--size", 33], "--size 33"),
        (["shape", "--format", "stl"], "--format 'stl'"),
    ],
)
def test_mistakes_are_told(run: Run, tmp_path: Path, words: list[object], says: str) -> None:
    done = run(*words, "-o", tmp_path / "out")
    assert done.code != 0 and says in done.error


def test_every_precision_of_the_renderer_can_be_asked_for() -> None:
    from typing import get_args

    from cli.generator_options import PRECISIONS
    from portrait_core.models.portrait_gan.renderer import Precision

    assert set(PRECISIONS) == set(get_args(Precision))


def test_other_joints_cannot_pose_pictures(run: Run, bust: str, tmp_path: Path) -> None:
    assert "neck and head only" in run("render", "-m", bust, "--pose", "left_shoulder=0,0,10", "-o", tmp_path).error


def test_an_untrained_checkpoint_is_refused_in_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTRAITKIT_MODELS", str(tmp_path / "models"))
    (tmp_path / "network.pkl").write_bytes(lzma.decompress(FIXTURE.read_bytes()))
    assert run("models", "import", tmp_path / "network.pkl").code == 0
    done = run("generate", "--model", "official-128", "--lattice", 96, "--out", tmp_path / "out")
    assert done.code == 1 and "the surface of this model is noise" in done.error
    assert not list((tmp_path / "out").glob("*"))
