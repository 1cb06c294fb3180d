# SPDX-License-Identifier: Apache-2.0
"""Data sets are checked whole before anything begins, and batches follow from numbers alone."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from portrait_core.errors import UsageError
from portrait_core.networks.pose_branch import mirror_camera, mirror_pose
from portrait_core.training.adversarial.data import YAW_BINS, DataOptions, PortraitData, yaws

DataMaker = Callable[..., Path]


def test_mirroring_doubles_pictures_and_labels(balls: Path) -> None:
    data = PortraitData(balls)
    assert len(data) == 64
    assert data.size == 16
    plain, doubled = np.arange(5), np.arange(5) + 64
    c, pose = data.labels_of(plain)
    mirrored_c, mirrored_pose = data.labels_of(doubled)
    assert torch.equal(mirrored_c, mirror_camera(c))
    assert torch.equal(mirrored_pose, mirror_pose(pose))
    (image, mask), (flipped, flipped_mask) = data.pictures_of(plain), data.pictures_of(doubled)
    assert torch.equal(flipped, image.flip(3))
    assert torch.equal(flipped_mask, mask.flip(3))
    assert image.shape == (5, 3, 16, 16) and mask.shape == (5, 1, 16, 16)
    assert -1 <= image.min() < image.max() <= 1
    assert set(mask.unique().tolist()) == {0.0, 1.0}
    drawn = data.draw(np.random.default_rng(0), 2000)
    assert 0.45 < (drawn >= 64).mean() < 0.55
    assert (PortraitData(balls, options=DataOptions(mirror=False)).draw(np.random.default_rng(0), 500) < 64).all()


def test_a_mirrored_ball_is_the_ball_of_the_mirrored_camera(balls: Path) -> None:
    """The pictures' flip and the labels' go together: what is bright is what faces the front, in both."""
    data = PortraitData(balls)
    image, mask = data.pictures_of(np.arange(128))
    side = torch.linspace(-1, 1, 16)[None, None, None]
    lean = ((image.mean(dim=1, keepdim=True) * side) * mask).sum(dim=(1, 2, 3))
    yaw = torch.from_numpy(yaws(data.labels_of(np.arange(128))[0].numpy()))
    assert torch.corrcoef(torch.stack([lean, yaw.sin()]))[0, 1].abs() > 0.9


def test_folders_are_read_as_zips_are(balls: Path, tmp_path: Path) -> None:
    for name, room in (("images", tmp_path / "set"), ("masks", tmp_path / "set-masks")):
        with zipfile.ZipFile(balls / f"{name}.zip") as archive:
            archive.extractall(room)
    data, other = PortraitData(balls), PortraitData(tmp_path / "set", tmp_path / "set-masks")
    np.testing.assert_array_equal(data.labels, other.labels)
    for ours, theirs in zip(data.pictures_of(np.arange(9)), other.pictures_of(np.arange(9)), strict=True):
        assert torch.equal(ours, theirs)


def test_pictures_are_brought_to_the_size_by_means_of_squares(balls: Path) -> None:
    image = PortraitData(balls).pictures_of(np.array([3]))[0]
    half = PortraitData(balls, size=8).pictures_of(np.array([3]))[0]
    wanted = torch.nn.functional.avg_pool2d(image, 2)
    assert (half - wanted).abs().max() <= 1 / 255 + 1e-6
    with pytest.raises(UsageError, match="have 16 pixels, the configuration asks for 32"):
        PortraitData(balls, size=32)


def test_views_from_behind_and_rare_yaws_can_be_drawn_more_often(make_data: DataMaker, tmp_path: Path) -> None:
    def few_behind(table: dict[str, Any], *_: Any) -> None:
        labels = table["labels"]
        behind = [row for row in labels if row[1][11] < 0]
        table["labels"] = [row for row in labels if row[1][11] >= 0] + behind[:4]
        del table["true_poses"]

    path = make_data(tmp_path, 120, change=few_behind)

    def share(**options: Any) -> tuple[float, np.ndarray]:
        data = PortraitData(path, options=DataOptions(**options))
        drawn = data.draw(np.random.default_rng(0), 4000)
        yaw = yaws(data.labels_of(drawn)[0].numpy())
        return float((np.abs(yaw) > np.pi / 2).mean()), np.histogram(yaw, YAW_BINS, (-np.pi, np.pi))[0]

    assert share()[0] < 0.1
    assert 0.3 < share(back_repeat=2)[0] < 0.4, "a third: half as many as the front ones"
    held = share(rebalance=True)[1]
    held = held[held > 0]
    assert held.max() < 1.3 * held.min()


def cut(index: int, change: Callable[[list[Any]], None]) -> Callable[..., None]:
    def spoil(table: dict[str, Any], *_: Any) -> None:
        change(table["labels"][index])

    return spoil


def no_mask(_table: Any, _images: Any, masks: dict[str, bytes]) -> None:
    del masks["ball-003.png"]


def no_picture(_table: Any, images: dict[str, bytes], _masks: Any) -> None:
    del images["ball-003.png"]


def damaged(_table: Any, images: dict[str, bytes], _masks: Any) -> None:
    images["ball-003.png"] = b"not a picture"


def colour_mask(_table: Any, images: dict[str, bytes], masks: dict[str, bytes]) -> None:
    masks["ball-003.png"] = images["ball-003.png"]


def nan_camera(row: list[Any]) -> None:
    row[1][3] = float("nan")


def no_rotation(row: list[Any]) -> None:
    row[1][0] = 9.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (no_mask, r"masks.zip: the mask ball-003.png is missing"),
        (no_picture, r"images.zip: the picture ball-003.png is missing"),
        (damaged, r"ball-003.png is no picture"),
        (colour_mask, r"masks.zip: ball-003.png has 3 channels; expected one"),
        (cut(2, lambda row: row[1].pop()), r"dataset.json, line \d+: the label of ball-002.png has 30 numbers"),
        (cut(2, lambda row: row.__setitem__(1, row[1][:25])), r"25 numbers: a camera but no pose"),
        (cut(2, nan_camera), r"line \d+: the label of ball-002.png holds a value that is not finite"),
        (cut(2, no_rotation), r"the label of ball-002.png: camera: .* rotation"),
        (cut(2, lambda row: row.__setitem__(1, ["x"])), r"is not made of numbers"),
        (cut(2, lambda row: row.clear()), r"entry 2: expected \[file name"),
        (lambda table, *_: table.update(labels=[]), r"has no labels"),
        (lambda table, *_: table["true_poses"].pop(), r"ball-007.png is not in true_poses"),
    ],
)
def test_what_is_wrong_is_named(make_data: DataMaker, tmp_path: Path, change: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        PortraitData(make_data(tmp_path, 8, change=change))


def test_a_picture_of_another_size_is_named(make_data: DataMaker, tmp_path: Path) -> None:
    other = make_data(tmp_path / "other", 8, size=8)
    with zipfile.ZipFile(other / "images.zip") as archive:
        small = archive.read("ball-004.png")

    def swap(_table: Any, images: dict[str, bytes], _masks: Any) -> None:
        images["ball-004.png"] = small

    with pytest.raises(UsageError, match=r"ball-004.png is 8 x 8; expected 16 x 16"):
        PortraitData(make_data(tmp_path / "data", 8, change=swap))


def test_the_line_that_is_named_is_the_line(make_data: DataMaker, tmp_path: Path) -> None:
    path = make_data(tmp_path, 8, change=cut(5, lambda row: row[1].pop()))
    with zipfile.ZipFile(path / "images.zip") as archive:
        text = archive.read("dataset.json").decode()
    line = next(number for number, line in enumerate(text.splitlines(), 1) if "ball-005" in line)
    with pytest.raises(UsageError, match=f"line {line}:"):
        PortraitData(path)


def test_places_without_a_data_set_are_refused(tmp_path: Path, balls: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        PortraitData(tmp_path / "no", tmp_path)
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(UsageError, match="cannot be read as a zip"):
        PortraitData(tmp_path / "text.zip", tmp_path)
    with pytest.raises(UsageError, match="no masks beside"):
        PortraitData(tmp_path / "text.zip")
    (tmp_path / "set").mkdir()
    with pytest.raises(UsageError, match=r"holds no dataset\.json"):
        PortraitData(tmp_path / "set", balls / "masks.zip")
    (tmp_path / "set" / "dataset.json").write_text(json.dumps([1]))
    with pytest.raises(UsageError, match="has no labels"):
        PortraitData(tmp_path / "set", balls / "masks.zip")
