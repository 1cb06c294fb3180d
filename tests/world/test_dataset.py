# SPDX-License-Identifier: Apache-2.0
"""The world as a data set: labels, masks and depths that agree with each other and with the geometry behind them."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.spatial.transform import Rotation

from cli.main import main
from portrait_core.cameras import ORBIT_RADIUS, TRAINED_FOCAL, Camera
from portrait_core.errors import Cancelled, OutputError, UsageError
from portrait_core.world.bust import Bust, PortraitWorld
from portrait_core.world.dataset import POSE_SPREAD, draw_shot, render_sample, write_dataset
from portrait_core.world.dataset_files import (
    DEPTH_UNIT,
    DEPTHS,
    FILES,
    IMAGES,
    LABELS,
    MASKS,
    TRUTH,
    DatasetConfig,
    DatasetError,
    is_complete,
    mirror_dataset_label,
    mirror_picture,
    read_dataset_labels,
)

CONFIG = DatasetConfig(count=3, size=96, seed=6)


@pytest.fixture(scope="session")
def made(world: PortraitWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data set of CONFIG."""
    out = tmp_path_factory.mktemp("data")
    write_dataset(world, out, CONFIG)
    return out


def pictures(path: Path) -> dict[str, NDArray[Any]]:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".png")]
        return {name: np.asarray(Image.open(io.BytesIO(archive.read(name)))) for name in names}


def truth(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / TRUTH).read_text(encoding="utf-8").splitlines()]


def posed(place: NDArray[Any], facts: dict[str, Any], pose: NDArray[Any]) -> NDArray[Any]:
    """Where a point that follows the head goes: turned about the head's joint, then all of it about the neck's."""
    neck, head = (np.asarray(facts["landmarks"][name]) for name in ("neck", "head"))
    turned = head + Rotation.from_rotvec(pose[3:]).apply(place - head)
    return neck + Rotation.from_rotvec(pose[:3]).apply(turned - neck)


def project(place: NDArray[Any], label: NDArray[Any], size: int) -> tuple[int, int, float]:
    """Row and column of the pixel that holds a point, and the point's distance from the camera, by the label alone."""
    cam2world, intrinsics = label[:16].reshape(4, 4).astype(float), label[16:25].reshape(3, 3).astype(float)
    x, y, z = (np.linalg.inv(cam2world) @ [*place, 1])[:3]
    u, v, _ = intrinsics @ [x / z, y / z, 1]
    return int(v * size), int(u * size), float(np.linalg.norm([x, y, z]))


def test_labels_name_the_pictures_and_repeat_the_truth(made: Path) -> None:
    labels = read_dataset_labels(made / IMAGES)
    images, masks, depths = (pictures(made / name) for name in (IMAGES, MASKS, DEPTHS))
    assert list(labels) == list(images) == list(masks) == list(depths)
    assert len(labels) == CONFIG.count
    for (name, label), facts in zip(labels.items(), truth(made), strict=True):
        assert facts["file"] == name
        np.testing.assert_array_equal(label, np.float32([*facts["camera"], *facts["pose"]]))
        latent = np.random.RandomState(facts["seed"]).randn(1, 66)[0]
        np.testing.assert_array_equal(facts["z"], latent)
        assert images[name].shape == (96, 96, 3)
        assert images[name].dtype == masks[name].dtype == np.uint8
        assert depths[name].dtype == np.uint16
        assert set(np.unique(masks[name])) == {0, 255}
        np.testing.assert_array_equal(masks[name] > 0, depths[name] > 0)
    with zipfile.ZipFile(made / IMAGES) as archive:
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        assert archive.namelist()[-1] == LABELS


def test_background_is_plain_and_the_person_is_not(made: Path) -> None:
    images, masks = pictures(made / IMAGES), pictures(made / MASKS)
    for facts in truth(made):
        image, mask = images[facts["file"]], masks[facts["file"]] > 0
        expected = np.round(np.array(facts["background"]) * 255)
        # the top corners are never reached by a head of this framing
        for corner in (image[0, 0], image[0, -1]):
            np.testing.assert_allclose(corner, expected, atol=1)
        assert np.abs(image[mask].astype(float) - expected).max(axis=1).mean() > 20
        assert 0.3 < mask.mean() < 0.8


def test_labels_reproject_the_head_into_its_pixels(made: Path) -> None:
    """Where eyes are seen, the depth picture tells their distance; from anywhere, the skull's middle lies inside."""
    depths = pictures(made / DEPTHS)
    seen = 0
    for (name, label), facts in zip(read_dataset_labels(made / IMAGES).items(), truth(made), strict=True):
        depth = depths[name] * DEPTH_UNIT
        pose = label[25:]
        centres = {side: np.asarray(facts["landmarks"][f"{side}_eye"]) for side in ("left", "right")}
        between = posed((centres["left"] + centres["right"]) / 2, facts, pose)
        middle = posed((centres["left"] + centres["right"]) / 2 + [0, 0.02, -0.09], facts, pose)
        row, column, distance = project(middle, label, CONFIG.size)
        assert 0.04 < distance - depth[row, column] < 0.16, f"{name}: the middle of the skull lies inside it"
        facing = posed(centres["left"] + [0, 0, 1], facts, pose) - posed(centres["left"], facts, pose)
        if facing @ (label[[3, 7, 11]] - between) / ORBIT_RADIUS < np.cos(np.radians(60)):
            continue
        for side, centre in centres.items():
            front = np.asarray(facts["landmarks"][f"{side}_eye_front"])
            row, column, distance = project(posed(front, facts, pose), label, CONFIG.size)
            assert abs(distance - depth[row, column]) < 0.003, f"{name}: front of the {side} eye"
            # The centre is as deep as the eyeball's radius (15 to 16 mm), or deeper where lid or nose is before it.
            row, column, distance = project(posed(centre, facts, pose), label, CONFIG.size)
            behind = distance - depth[row, column] - np.linalg.norm(front - centre)
            assert -0.002 < behind < 0.018, f"{name}: centre of the {side} eye"
            seen += 1
    assert seen >= 2, "choose another seed: no eyes are seen"


def test_pose_moves_the_pictures(world: PortraitWorld, made: Path) -> None:
    """The reprojection would not notice a pose that is ignored if poses were tiny."""
    bust, shot = world.build(np.array(truth(made)[0]["z"])), draw_shot(CONFIG, 0)
    resting = render_sample(world, bust, replace(shot, pose=np.zeros(6, np.float32)), 48)
    turned = render_sample(world, bust, shot, 48)
    assert (resting.mask != turned.mask).sum() > 10
    assert np.abs(resting.image.astype(int) - turned.image.astype(int)).max(axis=-1)[turned.mask > 0].mean() > 3


def test_the_mirrored_sample_is_a_sample_of_the_mirrored_person(world: PortraitWorld, made: Path) -> None:
    (name, label), *_ = read_dataset_labels(made / IMAGES).items()
    flipped = mirror_dataset_label(label)
    bust = mirrored(world.build(np.array(truth(made)[0]["z"])))
    shot = replace(draw_shot(CONFIG, 0), camera=Camera.from_label(flipped[:25]), pose=flipped[25:])
    again = render_sample(world, bust, shot, CONFIG.size)
    mask = mirror_picture(pictures(made / MASKS)[name])
    depth = mirror_picture(pictures(made / DEPTHS)[name]).astype(float)
    assert (again.mask != mask).sum() <= 4
    both = (again.mask > 0) & (mask > 0)
    assert (np.abs(again.depth.astype(float) - depth)[both] > 5).sum() <= 8
    # and the flip is no accident of a symmetrical picture
    assert (mask != mirror_picture(mask)).sum() > 50
    np.testing.assert_array_equal(mirror_dataset_label(flipped), label)
    negated = np.flatnonzero(flipped == -label)
    assert set(np.flatnonzero(flipped != label)) <= {1, 2, 3, 4, 8, 26, 27, 29, 30} <= set(negated)


def mirrored(bust: Bust) -> Bust:
    flip = np.array([-1, 1, 1], np.float32)
    parts = {
        name: replace(part, vertices=part.vertices * flip, triangles=part.triangles[:, ::-1])
        for name, part in bust.parts.items()
    }
    return replace(bust, parts=parts, landmarks={name: place * flip for name, place in bust.landmarks.items()})


@pytest.mark.sweep  # test_views has it by one process, two and a stopped one
def test_equal_settings_make_equal_bytes(world: PortraitWorld, made: Path, tmp_path: Path) -> None:
    write_dataset(world, tmp_path, CONFIG)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (made / name).read_bytes(), name
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)


def test_what_is_complete_is_left_and_what_is_other_is_refused(world: PortraitWorld, made: Path) -> None:
    before = {name: (made / name).stat().st_mtime_ns for name in FILES}
    write_dataset(world, made, CONFIG, _no_work)
    assert is_complete(made, CONFIG)
    with pytest.raises(OutputError, match="exists already"):
        write_dataset(world, made, replace(CONFIG, seed=7), _no_work)
    assert main(["train", "data", "--out", str(made), "--count", "3", "--size", "96", "--seed", "6", "--quiet"]) == 0
    assert main(["train", "data", "--out", str(made), "--count", "2", "--size", "96", "--seed", "6", "--quiet"]) == 1
    assert before == {name: (made / name).stat().st_mtime_ns for name in FILES}


def test_cancelling_leaves_nothing(world: PortraitWorld, tmp_path: Path) -> None:
    seen: list[tuple[str, float]] = []

    def stop(stage: str, fraction: float) -> None:
        seen.append((stage, fraction))
        if len(seen) == 2:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        write_dataset(world, tmp_path, replace(CONFIG, size=16), stop)
    assert seen == [("portraits", 0.0), ("portraits", pytest.approx(1 / 3))]
    assert list(tmp_path.iterdir()) == []


def _no_work(stage: str, fraction: float) -> None:
    raise AssertionError("work began")


def test_shots_are_the_published_ones() -> None:
    """All around, level on average, at the published distance and focal length; no data needed."""
    shots = [draw_shot(DatasetConfig(count=500), index) for index in range(500)]
    centres = np.stack([shot.camera.centre for shot in shots])
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 2.7, atol=1e-5)
    yaw = np.arctan2(centres[:, 0], centres[:, 2])
    assert np.histogram(yaw, 6, (-np.pi, np.pi))[0].min() > 50
    pitch = np.arcsin(centres[:, 1] / ORBIT_RADIUS)
    assert abs(pitch.mean()) < 0.03
    assert abs(pitch.std() - 0.15) < 0.02
    poses = np.stack([shot.pose for shot in shots])
    np.testing.assert_allclose(poses.std(axis=0), np.tile(POSE_SPREAD, 2), rtol=0.15)
    for shot in shots[:20]:
        assert shot.label.shape == (31,)
        assert shot.label[16] == shot.label[20] == np.float32(TRAINED_FOCAL)
        pivot = shot.camera.cam2world[:3, :3].T @ (np.array([0, 0.0649, 0]) - shot.camera.centre)
        np.testing.assert_allclose(pivot[:2], 0, atol=1e-5)
    other = draw_shot(DatasetConfig(count=1, background="white"), 3)
    np.testing.assert_array_equal(other.label, shots[3].label)
    np.testing.assert_array_equal(other.background, 1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"count": 0}, "count is 0"),
        ({"count": 1, "size": 8}, "size is 8"),
        ({"count": 1, "seed": -1}, "seed -1"),
        ({"count": 2, "seed_start": 2**32 - 1}, "persons' seeds"),
        ({"count": 1, "background": "tartan"}, "tartan"),
    ],
)
def test_wrong_settings_are_told(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        DatasetConfig(**settings)


def test_wrong_options_end_with_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--count", "0"], ["--size", "5"], ["--background", "tartan"], ["--assets", str(tmp_path / "no")]):
        assert main(["train", "data", "--out", str(tmp_path / "out"), *words]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_zip_without_good_labels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "images.zip"
    with pytest.raises(DatasetError, match="does not exist"):
        read_dataset_labels(path)
    path.write_bytes(b"not a zip")
    with pytest.raises(DatasetError, match="cannot be read"):
        read_dataset_labels(path)
    good = [0.0] * 31
    for labels, message in (
        (None, "holds no dataset.json"),
        ({"labels": None}, "no list"),
        ({"labels": [["a.png", good[:30]]]}, "31 finite numbers"),
        ({"labels": [["a.png", [*good[:30], float("nan")]]]}, "31 finite numbers"),
        ({"labels": [["b.png", good]]}, "not in the zip"),
        ({"labels": [3]}, "expected"),
    ):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.png", b"")
            if labels is not None:
                archive.writestr(LABELS, json.dumps(labels))
        with pytest.raises(DatasetError, match=message):
            read_dataset_labels(path)
