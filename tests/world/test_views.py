# SPDX-License-Identifier: Apache-2.0
"""Many views of a person: as good as the slow way, whatever stops or shares the work; coarse and correlated poses."""

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

from cli.main import main
from portrait_core.errors import Cancelled, UsageError
from portrait_core.world.assets import AssetFolders
from portrait_core.world.bust import PortraitWorld
from portrait_core.world.dataset import draw_sample, render_sample, write_dataset
from portrait_core.world.dataset_files import FILES, IMAGES, LABELS, TRUTH, DatasetConfig, read_dataset_labels
from portrait_core.world.painted_bust import PaintedBust
from portrait_core.world.shots import BIAS_DIRECTION, POSE_SPREAD, draw_latent, draw_shot

CONFIG = DatasetConfig(count=2, size=32, seed=3, views=9, coarse_noise=0.2, coarse_bias=0.1)


def test_drawn_pictures_are_those_of_the_ray_caster(world: PortraitWorld) -> None:
    config = DatasetConfig(count=2, views=3, size=96)
    for person in range(config.count):
        bust = world.build(draw_latent(config, person))
        painted = PaintedBust(world, bust)
        for view in range(config.views):
            shot = draw_shot(config, person * config.views + view)
            quick, slow = draw_sample(painted, shot, config.size), render_sample(world, bust, shot, config.size)
            ours, theirs = quick.mask > 0, slow.mask > 0
            assert (ours & theirs).sum() / (ours | theirs).sum() > 0.999
            both = ours & theirs
            apart = np.abs(quick.depth.astype(int) - slow.depth.astype(int))[both]
            assert (apart > 1).mean() < 0.002  # a tenth of a millimetre, but for rays that graze an edge
            grey = np.abs(quick.image.astype(int) - slow.image.astype(int))
            assert grey[both].mean() < 3  # colours lie at the vertices
            assert np.percentile(grey[both], 95) < 12
            assert (grey[~(ours | theirs)].mean() if (~both).any() else 0) < 1


def test_the_shoulder_cut_is_closed(world: PortraitWorld) -> None:
    """From the side one looks onto the cut through the arm: its cap is flat, and nothing of the inside is seen."""
    config = DatasetConfig(count=1)
    painted = PaintedBust(world, world.build(draw_latent(config, 0)))
    from portrait_core.cameras import Camera

    side = painted.portrait(Camera.orbit(np.pi / 2, -0.2), np.zeros(6, np.float32), 96)
    place = side.depth[side.mask]
    assert place.min() > 2.7 - 0.4
    lower = side.mask[-12:]
    assert lower.any() and (side.shaded[-12:][lower].sum(axis=1) > 0.001).all()


def test_one_process_two_and_a_stopped_one_make_the_same_bytes(
    world: PortraitWorld, assets: AssetFolders, tmp_path: Path
) -> None:
    write_dataset(world, tmp_path / "one", CONFIG)
    write_dataset(assets, tmp_path / "two", CONFIG, workers=2)
    seen: list[str] = []

    def stop(stage: str, fraction: float) -> None:
        seen.append(stage)
        if len(seen) == 2:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        write_dataset(world, tmp_path / "three", CONFIG, stop)
    left = list((tmp_path / "three").rglob("*.zip"))
    assert len(left) == 1, "the first person is whole"
    stamp = left[0].stat().st_mtime_ns
    again: list[float] = []
    write_dataset(
        world,
        tmp_path / "three",
        CONFIG,
        lambda stage, fraction: again.append(left[0].stat().st_mtime_ns if left[0].exists() else stamp),
    )
    assert set(again) == {stamp}
    for name in FILES:
        content = (tmp_path / "one" / name).read_bytes()
        assert content == (tmp_path / "two" / name).read_bytes() == (tmp_path / "three" / name).read_bytes(), name
    assert sorted(path.name for path in (tmp_path / "three").iterdir()) == sorted(FILES)
    _check_tables(tmp_path / "one")


def _check_tables(out: Path) -> None:
    labels = read_dataset_labels(out / IMAGES)
    with zipfile.ZipFile(out / IMAGES) as archive:
        table: dict[str, Any] = json.loads(archive.read(LABELS))
        pictures = {name: _opened(archive.read(name)) for name in labels}
    truth = [json.loads(line) for line in (out / TRUTH).read_text(encoding="utf-8").splitlines()]
    assert [seed for _, seed in table["persons"]] == [0] * CONFIG.views + [1] * CONFIG.views
    for (name, label), (other, pose), facts in zip(labels.items(), table["true_poses"], truth, strict=True):
        assert name == other == facts["file"]
        np.testing.assert_array_equal(np.float32(pose), np.float32(facts["pose"]))
        np.testing.assert_array_equal(label[25:], np.float32(facts["coarse_pose"]))
        assert (label[25:] != np.float32(pose)).all()
    stack = np.stack(list(pictures.values())).astype(float)
    assert np.abs(stack[0] - stack[1:]).mean(axis=(1, 2, 3)).min() > 3, "views differ"


def _opened(content: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(content)))


def test_coarse_poses_have_the_noise_and_the_bias_and_change_nothing_else() -> None:
    config = DatasetConfig(count=600, coarse_noise=0.2, coarse_bias=0.1)
    plain = replace(config, coarse_noise=0.0, coarse_bias=0.0)
    errors: list[NDArray[Any]] = []
    for index in range(600):
        shot, true = draw_shot(config, index), draw_shot(plain, index)
        np.testing.assert_array_equal(shot.pose, true.pose)
        np.testing.assert_array_equal(shot.label[:25], true.label[:25])
        np.testing.assert_array_equal(true.label[25:], true.pose)
        errors.append(shot.label[25:] - true.pose)
    np.testing.assert_allclose(np.std(errors, axis=0), 0.2, rtol=0.1)
    np.testing.assert_allclose(np.mean(errors, axis=0), 0.1 * BIAS_DIRECTION, atol=0.03)


@pytest.mark.parametrize("share", [0.0, 0.7, 1.0])
def test_heads_follow_the_camera_as_far_as_asked(share: float) -> None:
    config = DatasetConfig(count=3000, pose_camera_correlation=share)
    shots = [draw_shot(config, index) for index in range(3000)]
    centre = np.stack([shot.camera.centre for shot in shots])
    sine = centre[:, 0] / np.linalg.norm(centre[:, [0, 2]], axis=1)
    pose = np.stack([shot.pose for shot in shots])
    for joint in (0, 3):
        assert np.corrcoef(pose[:, joint + 1], sine)[0, 1] == pytest.approx(share, abs=0.06)
        assert np.corrcoef(pose[:, joint], -centre[:, 1])[0, 1] == pytest.approx(share, abs=0.06)
        assert abs(np.corrcoef(pose[:, joint + 2], sine)[0, 1]) < 0.06
    np.testing.assert_allclose(pose.std(axis=0), np.tile(POSE_SPREAD, 2), rtol=0.08)


def test_settings_of_old_data_sets_are_written_as_before() -> None:
    assert set(DatasetConfig(count=3).card()["config"]) == {"count", "size", "seed", "seed_start", "background"}
    assert replace(CONFIG, views=1).card()["config"]["coarse_noise"] == 0.2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"views": 0}, "views is 0"),
        ({"views": 10**7}, "views is"),
        ({"pose_camera_correlation": 1.5}, "pose_camera_correlation is 1.5"),
        ({"coarse_noise": float("nan")}, "coarse_noise is nan"),
        ({"coarse_bias": 9.0}, "coarse_bias is 9"),
    ],
)
def test_wrong_settings_are_told(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        DatasetConfig(count=2, **settings)


def test_wrong_options_end_with_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--views", "0"], ["--coarse-noise", "-1"], ["--workers", "0"], ["--pose-camera-correlation", "2"]):
        assert main(["train", "data", "--out", str(tmp_path / "out"), *words]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (tmp_path / "out").exists()
