# SPDX-License-Identifier: Apache-2.0
"""Changes of what the discriminator sees, so that few pictures last longer; labels stay true.

Every change happens to real and generated pictures alike, each with the same probability, after Karras et al.,
"Training Generative Adversarial Networks with Limited Data", 2020. That paper's pictures have no labels; here only
changes are made that the labels can follow:

* mirroring: camera and pose become the mirrored ones;
* roll about the optical axis, zoom and shift: the camera's rotation, focal lengths and principal point follow exactly;
* colours: brightness, contrast, hue, saturation. Noise. A square cut out. No label knows of them.

Turns by quarters, unequal scaling and negatives are left out: portraits upside down teach nothing here. Full picture,
rendered picture and mask change together. The gradient penalty is that of the changed pictures.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from portrait_core.networks.discriminator import Portraits
from portrait_core.networks.pose_branch import mirror_camera, mirror_pose
from portrait_core.training.adversarial.config import TrainingConfig
from portrait_core.training.adversarial.parts import Made
from portrait_core.training.adversarial.processes import Processes

ROLL = 0.15
"""Deviation of the roll in radians."""
ZOOM = 0.2
"""Deviation of the zoom, in powers of two."""
SHIFT = 0.06
"""Deviation of the shift along each axis, in sides of the picture."""
BRIGHTNESS, CONTRAST, SATURATION = 0.2, 0.5, 1.0
"""Deviations: added to colours in [-1, 1]; two powers of two."""
NOISE = 0.1
"""Deviation of the noise's own deviation."""
CUT = 0.5
"""Side of the square that is cut out, in sides of the picture."""
CHANGES = ("mirror", "roll", "zoom", "shift", "brightness", "contrast", "hue", "saturation", "noise", "cut")


class Augmentation:
    """Changes pictures and labels with a probability that may follow how sure the discriminator is."""

    def __init__(self, config: TrainingConfig, device: torch.device, *, only: tuple[str, ...] = CHANGES) -> None:
        self._follows = config.augment == "ada"
        self._target, self._interval = config.ada_target, config.ada_interval
        self._step = config.batch * config.ada_interval / (config.ada_kimg * 1000)
        self._only = only
        self.probability = 0.0 if self._follows else config.augment_p
        self._signs = torch.zeros(2, dtype=torch.float32, device=device)
        """Sum of the signs of real pictures' logits since the last change, and how many they were."""

    def __call__(self, made: Made, random: torch.Generator) -> Made:
        """Portraits as they are shown, with their labels; gradients reach the portraits given."""
        batch = len(made.c)
        mirrored = self._chosen("mirror", batch, random)
        shown = made.shown.mirrored_where(mirrored)
        c = torch.where(mirrored[:, None], _mirrored_camera(made.c), made.c)
        poses = torch.where(mirrored[:, None], mirror_pose(made.poses), made.poses)
        c, inverse, moved = self._moved_camera(c, random)
        colours = self._colours(batch, random)
        deviation = self._normal("noise", batch, random).abs() * NOISE
        centre = torch.rand(batch, 2, generator=random, device=random.device)
        cut = self._chosen("cut", batch, random)

        def changed(picture: Tensor, coloured: bool) -> Tensor:
            x = torch.where(moved[:, None, None, None], _resampled(picture, inverse), picture)
            if coloured:
                x = torch.einsum("bij,bjhw->bihw", colours[:, :, :3], x) + colours[:, :, 3, None, None]
                drawn = torch.randn(x.shape, generator=random, device=random.device, dtype=torch.float32)
                x = x + drawn * deviation[:, None, None, None]
            return x * _outside(centre, cut, x.shape[-1])

        image, raw, mask = shown.image, shown.raw, shown.mask
        return Made(Portraits(changed(image, True), changed(raw, True), changed(mask, False)), poses, c)

    def hear(self, logits: Tensor) -> None:
        """Take note of the logits ``[B, 1]`` of real pictures."""
        found = logits.detach().float()
        self._signs += torch.stack([found.sign().sum(), found.new_tensor(float(found.numel()))])

    def adjusted(self, iteration: int, processes: Processes) -> Tensor:
        """The probability of the next iteration, as all processes have it."""
        if self._follows and (iteration + 1) % self._interval == 0:
            total, count = (float(each) for each in processes.mean(self._signs))
            towards = math.copysign(1.0, total / max(count, 1e-9) - self._target)
            self.probability = min(max(self.probability + towards * self._step, 0.0), 1.0)
            self._signs.zero_()
        return torch.tensor(self.probability, device=self._signs.device)

    def state(self) -> dict[str, Tensor]:
        """What a resumed training needs of it."""
        return {"probability": torch.tensor(self.probability, dtype=torch.float64), "signs": self._signs.cpu().clone()}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from what :meth:`state` gave."""
        self.probability = float(state["probability"])
        self._signs.copy_(state["signs"])

    def _moved_camera(self, c: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Cameras that roll, zoom and shift, matrices ``[B, 3, 3]`` from their pictures' places to the old ones', and
        whether anything moved ``[B]``."""
        batch = len(c)
        roll = self._normal("roll", batch, random) * ROLL
        zoom = torch.exp2(self._normal("zoom", batch, random) * ZOOM)
        shift = self._normal("shift", 2 * batch, random).reshape(batch, 2) * SHIFT
        pose, old = c[:, :16].reshape(batch, 4, 4), c[:, 16:].reshape(batch, 3, 3)
        new = old.clone()
        new[:, :2, :2] = new[:, :2, :2] * zoom[:, None, None]
        new[:, :2, 2] = new[:, :2, 2] + shift
        turn = torch.eye(4, dtype=c.dtype, device=c.device).repeat(batch, 1, 1)
        turn[:, 0, 0] = turn[:, 1, 1] = torch.cos(roll)
        turn[:, 1, 0] = torch.sin(roll)
        turn[:, 0, 1] = -turn[:, 1, 0]
        moved = (roll != 0) | (zoom != 1) | (shift != 0).any(dim=1)
        inverse = old @ turn[:, :3, :3] @ torch.inverse(new)
        new_c = torch.cat([(pose @ turn).flatten(1), new.flatten(1)], dim=1)
        return torch.where(moved[:, None], new_c, c), inverse, moved

    def _colours(self, batch: int, random: torch.Generator) -> Tensor:
        """Matrices ``[B, 3, 4]`` that colours are multiplied by and moved by."""
        bright = self._normal("brightness", batch, random) * BRIGHTNESS
        contrast = torch.exp2(self._normal("contrast", batch, random) * CONTRAST)
        hue = (2 * torch.rand(batch, generator=random, device=random.device) - 1) * math.pi
        hue = torch.where(self._chosen("hue", batch, random), hue, torch.zeros_like(hue))
        saturation = torch.exp2(self._normal("saturation", batch, random) * SATURATION)
        grey = torch.full((3, 3), 1 / 3, device=bright.device)
        rest = torch.eye(3, device=bright.device) - grey
        third = math.sqrt(1 / 3)
        across = torch.tensor([[0, -third, third], [third, 0, -third], [-third, third, 0]], device=bright.device)
        turned = torch.cos(hue)[:, None, None] * rest + torch.sin(hue)[:, None, None] * across
        turn = (grey + saturation[:, None, None] * turned) * contrast[:, None, None]
        moved = (bright * contrast)[:, None, None].expand(-1, 3, 1)
        return torch.cat([turn, moved], dim=2)

    def _chosen(self, change: str, batch: int, random: torch.Generator) -> Tensor:
        chance = self.probability if change in self._only else 0.0
        return torch.rand(batch, generator=random, device=random.device) < chance

    def _normal(self, change: str, count: int, random: torch.Generator) -> Tensor:
        drawn = torch.randn(count, generator=random, device=random.device)
        return torch.where(self._chosen(change, count, random), drawn, torch.zeros_like(drawn))


def _mirrored_camera(c: Tensor) -> Tensor:
    """As `mirror_camera`, for cameras whose principal point is not the middle too."""
    mirrored = mirror_camera(c)
    mirrored[:, 18] = 1 - mirrored[:, 18]
    return mirrored


def _resampled(picture: Tensor, inverse: Tensor) -> Tensor:
    """What ``picture[B, C, H, H]`` shows at the places that ``inverse`` takes each new place to, both in sides of the
    picture; beyond the border it goes on mirrored."""
    to_grid = inverse.new_tensor([[2.0, 0, -1], [0, 2, -1], [0, 0, 1]])
    from_grid = inverse.new_tensor([[0.5, 0, 0.5], [0, 0.5, 0.5], [0, 0, 1]])
    theta = (to_grid @ inverse @ from_grid)[:, :2].to(picture.dtype)
    grid = functional.affine_grid(theta, list(picture.shape), align_corners=False)
    return functional.grid_sample(picture, grid, padding_mode="reflection", align_corners=False)


def _outside(centre: Tensor, cut: Tensor, size: int) -> Tensor:
    """1 outside the square about ``centre[B, 2]``, or everywhere where nothing is ``cut[B]``: ``[B, 1, S, S]``."""
    place = (torch.arange(size, device=centre.device) + 0.5) / size
    across, down = ((place - centre[:, axis, None]).abs() < CUT / 2 for axis in (0, 1))
    inside = down[:, None, :, None] & across[:, None, None, :] & cut[:, None, None, None]
    return 1 - inside.float()
