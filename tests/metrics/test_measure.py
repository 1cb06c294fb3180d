# SPDX-License-Identifier: Apache-2.0
"""Pictures, features and rows: what they depend on and what not, caching, processes, and bad input."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from portrait_core.cameras import Camera
from portrait_core.errors import Cancelled, UsageError
from portrait_core.metrics import measure as measuring
from portrait_core.metrics import persons, truth
from portrait_core.metrics.features import features_of, gathered_rows
from portrait_core.metrics.generated import GeneratedPictures, Subject
from portrait_core.metrics.inception import WIDTH
from portrait_core.metrics.measure import MeasureOptions, measure
from portrait_core.metrics.pictures import Batch, DataPictures, draw_pictures
from portrait_core.metrics.pixels import Pixels
from portrait_core.training.adversarial.data import PortraitData
from portrait_core.training.adversarial.figures import frechet, small_pictures
from portrait_core.training.adversarial.processes import Processes
from tests.metrics.conftest import SIZE, ball, depths_of, write_world

CPU = torch.device("cpu")
EVERY = np.arange(6, dtype=np.int64)


@pytest.fixture(scope="session")
def data(world: Path) -> PortraitData:
    return PortraitData(world)


@pytest.fixture(scope="session")
def subject(run: Path) -> Subject:
    return Subject(run / "snapshot-000002.000.safetensors", CPU, name="first", warp="lattice")


class Colours:
    """A feature network: mean colours, more of them than one needs; counts what it is shown."""

    name, digest = "colours", "colours-1"

    def __init__(self) -> None:
        self.shown = 0

    def features(self, images: Tensor, masks: Tensor) -> Tensor:
        self.shown += len(images)
        return torch.cat([images.float().mean(dim=(2, 3)), masks.mean(dim=(2, 3))], dim=1) / 255


def images(pictures: GeneratedPictures, numbers: np.ndarray, together: int) -> Tensor:
    return torch.cat([batch.images for batch in pictures.batches(numbers, together)])


@pytest.mark.parametrize(
    ("poses", "conditioning"), [("generator", "separate"), ("discriminator", "identical"), ("labels", "random")]
)
def test_a_picture_does_not_depend_on_its_companions(
    subject: Subject, data: PortraitData, poses: Any, conditioning: Any
) -> None:
    pictures = GeneratedPictures(subject, data, 6, poses=poses, conditioning=conditioning)
    whole, parts = images(pictures, EVERY, 6), images(pictures, EVERY[::-1].copy(), 2).flip(0)
    assert int((whole.int() - parts.int()).abs().max()) <= 1
    assert int((whole[0].int() - whole[1].int()).abs().max()) > 1


def test_what_is_shown_and_what_the_mapping_sees(subject: Subject, data: PortraitData) -> None:
    """Identical: the same label for both; separate: another draw's; random: the pose of yet another label."""

    def made(conditioning: Any, poses: Any = "labels") -> tuple[GeneratedPictures, Batch]:
        pictures = GeneratedPictures(subject, data, 6, poses=poses, conditioning=conditioning)
        return pictures, next(pictures.batches(EVERY, 6))

    table = {
        tuple(label): tuple(pose)
        for label, pose in zip(*(each.tolist() for each in data.labels_of(np.arange(48))), strict=True)
    }
    same, other, random = (made(each)[1] for each in ("identical", "separate", "random"))
    assert torch.equal(same.labels, other.labels) and torch.equal(same.poses, other.poses)
    for batch in (same, other):
        assert all(
            table[tuple(label)] == tuple(pose)
            for label, pose in zip(batch.labels.tolist(), batch.poses.tolist(), strict=True)
        )
    assert torch.equal(random.labels, same.labels) and not torch.equal(random.poses, same.poses)
    assert set(map(tuple, random.poses.tolist())) <= set(table.values())
    ways = [made(each)[0].condition(EVERY)[2] for each in ("identical", "separate", "random")]
    assert not torch.equal(ways[0], ways[1]) and torch.equal(ways[1], ways[2])
    by_hand = subject.styles(
        torch.as_tensor(np.stack([made("identical")[0].drawn(k).latents[0] for k in range(6)])), same.labels, same.poses
    )
    assert torch.allclose(ways[0], by_hand)
    read = made("identical", "discriminator")[1].poses
    numbers = np.array([made("identical")[0].drawn(k).labels[0] for k in range(6)])
    assert torch.allclose(read, subject.judge.poses(*data.pictures_of(numbers), data.labels_of(numbers)[0]))


def test_digests_change_with_all_that_pictures_depend_on(subject: Subject, data: PortraitData, world: Path) -> None:
    first = GeneratedPictures(subject, data, 6)
    changes: list[dict[str, Any]] = [
        {"count": 7}, {"poses": "labels"}, {"conditioning": "identical"}, {"mirror": True}, {"seed": 1},
        {"data": PortraitData(world, size=8)},
    ]  # fmt: skip
    digests = {dataclasses.replace(first, **each).digest for each in changes} | {first.digest}
    assert len(digests) == 1 + len(changes)
    real = {DataPictures(data, EVERY, fault=fault).digest for fault in ("none", "noise", "blur")}
    assert len(real | {DataPictures(data, EVERY[:5]).digest}) == 4


def test_faults_are_faults(data: PortraitData) -> None:
    plain, noisy, blurred = (
        next(DataPictures(data, EVERY, fault=fault).batches(EVERY, 6)).images.float()
        for fault in ("none", "noise", "blur")
    )
    assert torch.equal(plain / 127.5 - 1, data.pictures_of(EVERY)[0])
    assert float((noisy - plain).std()) == pytest.approx(0.2 * 127.5, rel=0.2)
    steps = [float(each.diff(dim=3).abs().mean()) for each in (plain, blurred)]
    assert steps[1] < 0.8 * steps[0]


def test_drawn_pictures_are_different_ones(data: PortraitData) -> None:
    drawn = draw_pictures(data, 20, seed=0, mirror=True)
    assert len(set(drawn.tolist())) == 20 and drawn.max() >= len(data)
    assert draw_pictures(data, None, seed=0, mirror=False).tolist() == list(range(48))
    assert draw_pictures(data, 20, seed=1, mirror=True).tolist() != drawn.tolist()


def test_cached_features_equal_others_and_are_not_made_again(data: PortraitData, tmp_path: Path) -> None:
    pictures, network = DataPictures(data, EVERY), Colours()
    plain = features_of(pictures, [network], together=4)["colours"]
    first = features_of(pictures, [network], together=2, cache=tmp_path)["colours"]
    again = features_of(pictures, [network], together=6, cache=tmp_path)["colours"]
    assert network.shown == 12
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(plain, first, rtol=1e-6)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:50])
    np.testing.assert_array_equal(features_of(pictures, [network], cache=tmp_path)["colours"], first)
    assert network.shown == 18
    other = Colours()
    other.digest = "colours-2"  # other weights
    features_of(pictures, [other], cache=tmp_path)
    assert other.shown == 6


def test_cancelled_features_leave_nothing(data: PortraitData, tmp_path: Path) -> None:
    def stop(_stage: str, fraction: float) -> None:
        if fraction > 0.5:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        features_of(DataPictures(data, EVERY), [Colours()], together=2, cache=tmp_path, progress=stop)
    assert not list(tmp_path.iterdir())


def test_features_that_are_no_numbers_are_told(data: PortraitData) -> None:
    class Broken(Colours):
        def features(self, images: Tensor, masks: Tensor) -> Tensor:
            rows = super().features(images, masks)
            rows[0] = torch.nan
            return rows

    with pytest.raises(UsageError, match="not finite for 2 of 6"):
        features_of(DataPictures(data, EVERY), [Broken()], together=3)


def test_rows_of_processes_stand_in_the_order_of_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.arange(14, dtype=np.float32).reshape(7, 2)
    monkeypatch.setattr(Processes, "all_objects", lambda _self, _own: [rows[rank::3] for rank in range(3)])
    np.testing.assert_array_equal(gathered_rows([rows[1::3]], 7, Processes(1, 3)), rows)
    np.testing.assert_array_equal(gathered_rows([rows[:4], rows[4:]], 7, Processes()), rows)


def options(**changes: Any) -> MeasureOptions:
    own: dict[str, Any] = {"count": 16, "warp": "lattice", "conditionings": ("separate",)}
    return MeasureOptions(**(own | changes))


def test_a_row_is_what_its_parts_say(
    run: Path, world: Path, subject: Subject, data: PortraitData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "PERSONS", 2)
    names = ("pixel_distance", "mask_iou", "depth", "pose", "view_consistency", "identity_spread")
    path = run / "snapshot-000002.000.safetensors"
    found = measure([("first", path)], world, None, options(measures=names), CPU)
    (row,) = found.rows
    pictures = GeneratedPictures(subject, data, 16)
    batches = list(pictures.batches(np.arange(16), 5))
    made = torch.cat([small_pictures(each.images / 127.5 - 1, each.masks) for each in batches]).numpy()
    image, mask = data.pictures_of(np.arange(48))
    assert row.figures["pixel_distance"] == pytest.approx(frechet(made, small_pictures(image, mask).numpy()), rel=1e-3)
    assert row.facts["kimg"] == 2 and row.facts["conditioning"] == "separate"
    assert set(row.figures) > {"mask_iou", "depth_mm", "pose_total_deg", "view_consistency", "identity_spread"}
    assert 0 <= row.figures["mask_iou"] <= 1
    assert found.facts["compared_with"] == 48 and "pixels" in found.facts["networks"]
    json.dumps([found.facts, row.figures])


def test_baselines_stand_in_the_order_of_their_faults(world: Path) -> None:
    found = measure([], world, None, options(measures=("pixel_distance",), baselines=True), CPU)
    plain, noisy, blurred = (row.figures["pixel_distance"] for row in found.rows)
    assert plain < min(noisy, blurred)
    assert [row.name for row in found.rows] == ["data", "data, noisy", "data, blurred"]
    assert found.facts["compared_with"] == 24


def test_published_measures_by_networks_in_their_place(run: Path, world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is the formula of the features that a network gives; mirrored pictures are for FID alone."""

    class Wide(Colours):
        name, digest = "wide", "wide"

        def features(self, images: Tensor, masks: Tensor) -> Tensor:
            rows = super().features(images, masks)
            pooled = torch.cat([rows, rows.square(), torch.zeros(len(rows), WIDTH - 8)], dim=1)
            return torch.cat([pooled, 5 * rows], dim=1)

    class Apart:
        name, digest = "apart", "apart"

        def distances(self, a: Tensor, b: Tensor) -> Tensor:
            return (a - b).square().mean(dim=(1, 2, 3))

    wide = Wide()
    monkeypatch.setattr(measuring, "Inception", lambda *_: wide)
    monkeypatch.setattr(measuring, "VggFeatures", lambda *_: Colours())
    monkeypatch.setattr(measuring, "Lpips", lambda *_: Apart())
    names = ("fid50k_full", "fid_random", "kid", "pr", "is", "ppl2_wend")
    path = run / "snapshot-000002.000.safetensors"
    (row,) = measure([("first", path)], world, None, options(measures=names), CPU).rows
    assert set(row.figures) == {"fid", "fid_random", "kid", "precision", "recall", "is", "is_deviation", "ppl"}
    assert all(np.isfinite(each) for each in row.figures.values())
    assert row.figures["fid"] != row.figures["fid_random"]
    # the data with its mirror images; generated pictures: with mirrored cameras twice, without once
    assert wide.shown == 96 + 48 + 3 * 16


def test_path_lengths_are_distances_over_the_step_squared(subject: Subject, data: PortraitData) -> None:
    class Mean:
        def distances(self, a: Tensor, b: Tensor) -> Tensor:
            return (a - b).square().mean(dim=(1, 2, 3))

    pictures = GeneratedPictures(subject, data, 4)
    found = persons.path_lengths(pictures, Mean(), together=3)  # type: ignore[arg-type]
    for number in range(4):
        c, pose, first = pictures.condition(np.array([number]))
        other = pictures.condition(np.array([number]), latent=3)[2]
        a, b = (subject.show(ws, c, pose)["image"] for ws in (first, first + 1e-4 * (other - first)))
        assert found[number] == pytest.approx(float(((a - b) / 2).square().mean()) / 1e-8, rel=0.05)
    with pytest.raises(UsageError, match="1 of 2 path lengths"):
        persons.mean_path_length(np.array([1, np.nan], np.float32), subject)


def test_two_views_of_one_surface_agree_and_of_two_do_not() -> None:
    """A ball whose colours belong to places, seen from two sides; then one whose colours follow the camera."""
    cameras = [Camera.orbit(turn, 0.0) for turn in (0.3, 0.5)]
    labels = torch.as_tensor(np.stack([each.label for each in cameras]))
    pixels, masks = zip(*(ball(each, 64) for each in cameras), strict=True)
    image = torch.as_tensor(np.stack(pixels)).permute(0, 3, 1, 2).float() / 127.5 - 1
    mask = torch.as_tensor(np.stack(masks))[:, None].float() / 255
    depth = torch.as_tensor(np.stack([depths_of(each, 64) for each in cameras]))[:, None].float()
    found = persons.compared_views(image, depth, mask, labels)
    assert found is not None and found[0] < 1.5 and found[1] > 0.6
    other = persons.compared_views(torch.stack([image[0], image[1].flip(2)]), depth, mask, labels)
    wrong = persons.compared_views(torch.stack([image[0], -image[1]]), depth, mask, labels)
    assert other is not None and wrong is not None and wrong[0] > 20 * found[0]
    assert persons.compared_views(image, depth, 0 * mask, labels) is None
    far = torch.stack([depth[0], depth[1] + 0.1])
    assert persons.compared_views(image, far, mask, labels) is None


def test_depths_of_the_data_are_no_error_and_a_card_is_flat(world: Path, data: PortraitData) -> None:
    every = np.arange(48)
    labels = data.labels_of(every)[0]
    depths = truth.true_depths(data, every)
    masks = depths.isfinite().float()
    same = Batch(torch.zeros(48, 3, SIZE, SIZE), masks, labels, torch.zeros(48, 6), depths.nan_to_num(2.7))
    found = truth.depth_figures(same, depths, labels)
    assert found["depth_mm"] == pytest.approx(0, abs=1e-3) and found["depth_relief"] == pytest.approx(1, abs=1e-3)
    card = dataclasses.replace(same, depths=torch.full_like(depths, 2.7))
    found = truth.depth_figures(card, depths, labels)
    assert found["depth_relief"] == pytest.approx(0, abs=1e-3) and found["depth_mm"] > 20
    nobody = dataclasses.replace(same, masks=0 * masks)
    assert truth.depth_figures(nobody, depths, labels) == {"depth_mm": None, "depth_relief": None}


def test_pose_errors_of_a_known_reading(subject: Subject, data: PortraitData, monkeypatch: pytest.MonkeyPatch) -> None:
    true = truth.true_poses(data)
    offset = torch.tensor([0.0, 0.2, 0.0, 0.0, 0.0, 0.0])
    taken = iter(true.split(16))
    monkeypatch.setattr(subject.judge, "poses", lambda *_: next(taken))
    exact = truth.pose_errors(subject, data, np.arange(48))
    assert exact["pose_total_deg"] == pytest.approx(0, abs=0.05) and exact["pose_corr"] == {
        "nod": 1,
        "turn": 1,
        "tilt": 1,
    }
    small = (0.05 * true + offset).split(16)
    taken = iter(small)
    monkeypatch.setattr(subject.judge, "poses", lambda *_: next(taken))
    turned = truth.pose_errors(subject, data, np.arange(48))
    assert turned["pose_neck_deg"] < turned["pose_neck_deg_as_read"] > np.rad2deg(0.19)
    assert turned["pose_head_deg_as_read"] > turned["pose_head_deg"] - 1e-6


def test_identities_of_one_face_do_not_spread(subject: Subject, data: PortraitData, tmp_path: Path) -> None:
    pictures = GeneratedPictures(subject, data, 6)
    assert persons.identity_spread(pictures) >= 0

    class One(Subject):
        """Shows the data's own pictures instead of making some."""

        def __init__(self, share: float) -> None:
            self.path, self.share, self.turn, self.generator = subject.path, share, 0, subject.generator

        def styles(self, z: Tensor, label: Tensor, pose: Tensor) -> Tensor:
            return torch.zeros(len(z), 1, 1)

        def show(self, ws: Tensor, label: Tensor, pose: Tensor) -> dict[str, Tensor]:
            self.turn += 1
            flat = torch.full((len(ws), 3, SIZE, SIZE), self.share * self.turn / 4)
            return {"image": flat, "image_mask": flat[:, :1]}

    for share, low, high in ((0.0, 0.0, 1e-9), (1.0, 0.5, 1e9)):
        assert low <= persons.identity_spread(dataclasses.replace(pictures, subject=One(share), poses="labels")) <= high


def spoilt(change: Callable[[Path], None]) -> Callable[[Path, Path], Path]:
    def make(world: Path, folder: Path) -> Path:
        shutil.copytree(world, folder)
        change(folder)
        return folder

    return make


@pytest.mark.parametrize(
    ("names", "make", "told"),
    [
        (("fdi",), None, "unknown measure 'fdi'. Did you mean fid?"),
        (("eqt",), None, "eqt is not offered"),
        ((), None, "no measure is named"),
        (("fid",), None, "Fetch https://"),
        (("pixel_distance",), spoilt(lambda folder: (folder / "masks.zip").unlink()), "masks"),
        (("depth",), spoilt(lambda folder: (folder / "depths.zip").unlink()), "holds no depths.zip"),
        (("pixel_distance",), lambda _world, folder: write_one(folder), "one picture"),
        (
            ("identity_spread",),
            lambda _world, folder: write_one(folder, views=2),
            "take two at least",
        ),
    ],
)
def test_what_cannot_be_measured_is_told_in_one_line(
    run: Path, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: Any, make: Any, told: str
) -> None:
    monkeypatch.setenv("PORTRAITKIT_MODELS", str(tmp_path / "none"))
    folder = world if make is None else make(world, tmp_path / "data")
    with pytest.raises(UsageError, match=told) as error:
        measure([("first", run / "snapshot-000002.000.safetensors")], folder, None, options(measures=names), CPU)
    assert "\n" not in str(error.value)


def write_one(folder: Path, *, views: int = 1) -> Path:
    folder.mkdir()
    return write_world(folder, persons=1, views=views)


def test_models_and_settings_that_do_not_fit_are_told(run: Path, world: Path) -> None:
    path = run / "snapshot-000002.000.safetensors"
    with pytest.raises(UsageError, match="name a model or a run"):
        measure([], world, None, options(), CPU)
    with pytest.raises(UsageError, match="cannot be of 32"):
        measure([("first", path)], world, None, options(measures=("pixel_distance",), size=32), CPU)
    with pytest.raises(UsageError, match="count is 1; it must be at least 2"):
        options(count=1)
    with pytest.raises(UsageError, match="the configuration asks for 32"):
        measure([], world, None, options(measures=("pixel_distance",), baselines=True, size=32), CPU)


def test_a_model_without_a_discriminator_reads_no_poses(run: Path, world: Path) -> None:
    subject = Subject(run / "snapshot-000002.000.safetensors", CPU)
    subject.judge.network = None
    data = PortraitData(world)
    with pytest.raises(UsageError, match="no discriminator"):
        truth.pose_errors(subject, data, EVERY)
    with pytest.raises(UsageError, match="no discriminator"):
        next(GeneratedPictures(subject, data, 4, poses="discriminator").batches(EVERY[:4], 4))


def test_pixels_are_those_of_trainings(data: PortraitData) -> None:
    image, mask = data.pictures_of(EVERY)
    batch = next(DataPictures(data, EVERY).batches(EVERY, 6))
    assert torch.allclose(Pixels().features(batch.images, batch.masks), small_pictures(image, mask), atol=1e-6)
