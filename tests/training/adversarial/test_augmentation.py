# SPDX-License-Identifier: Apache-2.0
"""Changed pictures against pictures that a changed camera takes, colours against their matrices, and the control."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from portrait_core.cameras import Camera
from portrait_core.networks.discriminator import Portraits
from portrait_core.networks.pose_branch import mirror_camera, mirror_pose
from portrait_core.training.adversarial.augmentation import CHANGES, Augmentation
from portrait_core.training.adversarial.config import TrainingConfig
from portrait_core.training.adversarial.data import PortraitData
from portrait_core.training.adversarial.networks import body_of, build_networks, with_body
from portrait_core.training.adversarial.parts import Made
from portrait_core.training.adversarial.phases import Phases
from portrait_core.training.adversarial.processes import ALONE
from portrait_core.training.adversarial.run_folder import STATE
from portrait_core.training.adversarial.state import Reached, restore_state, save_state
from portrait_core.weights.checkpoint import load_weights
from portrait_core.weights.registry import find_model

SIZE = 32
CPU = torch.device("cpu")


def painted(camera: Camera, size: int) -> tuple[np.ndarray, np.ndarray]:
    """As `ball`, coloured by where the surface is, and a smaller one beside it, so that every turn shows; alike on
    both sides of the world."""
    place = (np.arange(size) + 0.5) / size
    x = (place - camera.intrinsics[0, 2]) / camera.intrinsics[0, 0]
    y = (place - camera.intrinsics[1, 2]) / camera.intrinsics[1, 1]
    ray = np.stack([*np.meshgrid(x, y), np.ones((size, size))], -1) @ camera.cam2world[:3, :3].T
    ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
    image, mask = np.full((size, size, 3), 0.4), np.zeros((size, size), bool)
    for middle, radius in ((np.array([0.0, 0.15, 0.06]), 0.03), (np.array([0.0, 0.06, 0.0]), 0.07)):
        towards = middle - camera.centre
        along = ray @ towards
        inside = radius**2 - (towards @ towards - along**2)
        front = camera.centre + ray * (along - np.sqrt(np.maximum(inside, 0)))[..., None]
        colour = 0.5 + np.stack([np.abs(front[..., 0]), *(front - middle)[..., 1:].transpose(2, 0, 1)], -1) / radius / 2
        image = np.where(inside[..., None] > 0, colour, image)
        mask |= inside > 0
    return np.round(np.clip(image, 0, 1) * 255).astype(np.uint8), mask.astype(np.uint8) * 255


def seen_by(cameras: list[Camera], size: int = SIZE) -> tuple[Tensor, Tensor]:
    """Pictures in [-1, 1] and masks of two balls, each pixel the mean of sixteen."""
    image, mask = (np.stack(each) for each in zip(*(painted(camera, 4 * size) for camera in cameras), strict=True))
    pictures = torch.as_tensor(image).permute(0, 3, 1, 2).float() / 127.5 - 1
    return functional.avg_pool2d(pictures, 4), functional.avg_pool2d(torch.as_tensor(mask)[:, None].float() / 255, 4)


def made_of(cameras: list[Camera]) -> Made:
    image, mask = seen_by(cameras)
    labels = torch.as_tensor(np.stack([camera.label for camera in cameras]))
    poses = torch.randn(len(cameras), 6, generator=torch.Generator().manual_seed(1))
    return Made(Portraits(image, functional.avg_pool2d(image, 2), functional.avg_pool2d(mask, 2)), poses, labels)


def sides() -> list[Camera]:
    rng = np.random.default_rng(0)
    return [Camera.orbit(rng.uniform(-math.pi, math.pi), rng.normal() * 0.15) for _ in range(8)]


def changed_by(config: TrainingConfig, made: Made, *only: str, p: float = 1.0, seed: int = 0) -> Made:
    config = dataclasses.replace(config, augment="fixed", augment_p=p)
    return Augmentation(config, CPU, only=only)(made, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("only", [("mirror",), ("roll",), ("zoom",), ("shift",), ("mirror", "roll", "zoom", "shift")])
def test_a_moved_picture_is_what_the_moved_camera_takes(small: TrainingConfig, only: tuple[str, ...]) -> None:
    made = made_of(sides())
    moved = changed_by(small, made, *only)
    cameras = [Camera.from_label(label) for label in moved.c.numpy()]
    image, mask = seen_by(cameras)
    error = (moved.shown.image - image).abs().mean()
    assert error < 0.008 and error < (made.shown.image - image).abs().mean() / 1.6
    assert (moved.shown.mask - functional.avg_pool2d(mask, 2)).abs().mean() < 0.025
    assert (moved.shown.raw - functional.avg_pool2d(image, 2)).abs().mean() < 0.025
    wanted = mirror_pose(made.poses) if "mirror" in only else made.poses
    assert torch.equal(moved.poses, wanted)
    if only == ("mirror",):
        assert torch.allclose(moved.c, mirror_camera(made.c))
    rotation = moved.c[:, :16].reshape(-1, 4, 4)[:, :3, :3]
    assert torch.allclose(rotation.transpose(1, 2) @ rotation, torch.eye(3).expand(8, 3, 3), atol=1e-5)


def test_colours_change_as_their_names_say(small: TrainingConfig) -> None:
    made = made_of(sides())
    grey = torch.full_like(made.shown.image, 0.25)
    flat = dataclasses.replace(made, shown=dataclasses.replace(made.shown, image=grey))
    for change in ("hue", "saturation"):
        assert torch.allclose(changed_by(small, flat, change).shown.image, grey, atol=1e-6), "grey has no colour"
        found = changed_by(small, made, change).shown
        assert torch.allclose(found.image.mean(dim=1), made.shown.image.mean(dim=1), atol=1e-5), "as light as before"
        assert (found.image - made.shown.image).abs().max() > 0.05
    bright, contrast = (changed_by(small, made, each).shown.image for each in ("brightness", "contrast"))
    added = bright - made.shown.image
    assert torch.allclose(added, added[:, :1, :1, :1].expand_as(added), atol=1e-6) and added.abs().max() > 0.1
    factor = contrast / made.shown.image
    assert torch.allclose(factor, factor[:, :1, :1, :1].expand_as(factor), rtol=1e-3)
    turned = changed_by(small, made, "hue").shown.image
    away = made.shown.image - made.shown.image.mean(dim=1, keepdim=True)
    assert torch.allclose((turned - turned.mean(dim=1, keepdim=True)).norm(dim=1), away.norm(dim=1), atol=1e-5)
    for change in ("brightness", "contrast", "hue", "saturation", "noise"):
        found = changed_by(small, made, change)
        assert torch.equal(found.shown.mask, made.shown.mask) and torch.equal(found.c, made.c)
    noisy = changed_by(small, flat, "noise").shown.image - grey
    assert noisy.flatten(1).mean(dim=1).abs().max() < 0.02
    assert 0.02 < noisy.flatten(1).std(dim=1).mean() < 0.2


def test_a_square_is_cut_out_of_all_alike(small: TrainingConfig) -> None:
    one = torch.ones(200, 1, SIZE, SIZE)
    made = Made(
        Portraits(one.expand(-1, 3, -1, -1), one.expand(-1, 3, -1, -1), one), torch.zeros(200, 6), torch.zeros(200, 25)
    )
    made = dataclasses.replace(made, c=torch.as_tensor(Camera.orbit(0, 0).label).expand(200, -1))
    found = changed_by(small, made, "cut", p=0.5).shown
    assert torch.equal(found.image[:, :1], found.mask) and torch.equal(found.raw, found.image)
    share = found.mask.mean(dim=(1, 2, 3))
    assert 0.35 < float((share < 1).float().mean()) < 0.65, "half of them"
    assert share.min() > 0.74 and set(found.mask.unique().tolist()) == {0.0, 1.0}


def test_nothing_happens_with_no_probability_and_numbers_do_not_depend_on_it(small: TrainingConfig) -> None:
    made = made_of(sides())
    random = torch.Generator().manual_seed(3)
    config = dataclasses.replace(small, augment="fixed", augment_p=0.0)
    still = Augmentation(config, CPU)(made, random)
    assert torch.equal(still.shown.image, made.shown.image) and torch.equal(still.c, made.c)
    assert torch.equal(still.shown.mask, made.shown.mask) and torch.equal(still.poses, made.poses)
    after = torch.rand(1, generator=random)
    again = torch.Generator().manual_seed(3)
    Augmentation(dataclasses.replace(config, augment_p=1.0), CPU)(made, again)
    assert torch.equal(after, torch.rand(1, generator=again))
    first, second = (changed_by(small, made, *CHANGES, p=0.7).shown for _ in range(2))
    assert torch.equal(first.image, second.image) and torch.equal(first.raw, second.raw)


def test_gradients_pass_through_every_change(small: TrainingConfig) -> None:
    made = made_of(sides()[:4])
    pictures = [each.clone().requires_grad_() for each in (made.shown.image, made.shown.raw, made.shown.mask)]
    shown = changed_by(small, dataclasses.replace(made, shown=Portraits(*pictures)), *CHANGES, seed=2).shown
    step = torch.randn(pictures[0].shape, generator=torch.Generator().manual_seed(4)) * 1e-2
    moved = Portraits(pictures[0] + step, pictures[1], pictures[2])
    other = changed_by(small, dataclasses.replace(made, shown=moved), *CHANGES, seed=2).shown
    (gradient,) = torch.autograd.grad(shown.image.sum(), pictures[0], retain_graph=True)
    # All changes are linear in the picture, apart from what is added.
    moved_by = float((other.image - shown.image).sum().detach())
    assert float((gradient * step).sum()) == pytest.approx(moved_by, rel=1e-3, abs=1e-2)
    for picture, found in zip(pictures[1:], (shown.raw, shown.mask), strict=True):
        assert torch.autograd.grad(found.sum(), picture)[0].abs().max() > 0.1


def test_the_probability_follows_how_sure_the_discriminator_is(small: TrainingConfig) -> None:
    config = dataclasses.replace(small, augment="ada", ada_kimg=0.1, ada_interval=2, ada_target=0.6, batch=10)
    augmentation = Augmentation(config, CPU)
    seen: list[float] = []
    for iteration, share in enumerate((0.9, 0.9, 0.9, 0.9, 0.7, 0.7, 0.5, 0.5, 0.5, 0.5)):
        augmentation.hear(torch.where(torch.arange(10)[:, None] < 10 * share, 1.0, -1.0))
        seen.append(float(augmentation.adjusted(iteration, ALONE)))
    # Mean signs: 0.8, 0.8, 0.4, 0, 0; a change is 10 x 2 images of 100.
    assert seen == pytest.approx([0, 0.2, 0.2, 0.4, 0.4, 0.2, 0.2, 0, 0, 0])
    again = Augmentation(config, CPU)
    augmentation.hear(torch.ones(3, 1))
    again.restore(augmentation.state())
    for each in (augmentation, again):
        each.hear(torch.ones(1, 1))
    assert float(again.adjusted(1, ALONE)) == float(augmentation.adjusted(1, ALONE)) == pytest.approx(0.2)


def test_an_augmented_training_goes_on_bit_by_bit(small: TrainingConfig, balls: Path, tmp_path: Path) -> None:
    config = dataclasses.replace(small, augment="ada", ada_kimg=0.1, ada_interval=2, batch=2)
    body = body_of(load_weights(find_model("starter")), config)
    config = with_body(config, body)
    data = PortraitData(balls, size=16)
    first, second = (Phases(build_networks(config, body), config, data, CPU) for _ in range(2))
    for iteration in range(3):
        first.iteration(iteration, 2 * iteration)
    state = tmp_path / STATE
    save_state(state, first.networks, first, config, Reached(3, 6))
    assert restore_state(state, second.networks, second) == Reached(3, 6)
    reports = [each.iteration(3, 6) for each in (first, second)]
    assert reports[0]["augment_p"] > 0 and reports[0] == reports[1]
    for ours, theirs in zip(first.networks.named().values(), second.networks.named().values(), strict=True):
        for mine, other in zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True):
            assert torch.equal(mine, other)
