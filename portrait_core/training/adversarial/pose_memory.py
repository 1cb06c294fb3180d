# SPDX-License-Identifier: Apache-2.0
"""Generated pictures whose poses are read again: reading poses takes many pictures, and rendering them is what costs.

A generated picture's pose is known exactly, and stays so. The discriminator's reader sees each a few times more, in
later steps, beside the new ones; logits are never made of old pictures. The published training has no such memory.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from portrait_core.networks.discriminator import Portraits
from portrait_core.networks.resampling import resize
from portrait_core.training.adversarial.config import TrainingConfig
from portrait_core.training.adversarial.parts import Made
from portrait_core.training.adversarial.processes import Processes

CAPACITY = 1024
"""Pictures that are remembered: the generator's last few hundred steps."""


class PoseMemory:
    """The last `CAPACITY` generated pictures of all processes, in half precision, oldest overwritten."""

    def __init__(self, config: TrainingConfig, device: torch.device) -> None:
        size = config.generator.img_resolution
        self._pictures = torch.zeros(CAPACITY, 7, size, size, dtype=torch.float16, device=device)
        self._poses = torch.zeros(CAPACITY, 6, device=device)
        self._cameras = torch.zeros(CAPACITY, 25, device=device)
        self._seen = 0
        """How many were ever remembered."""

    def __len__(self) -> int:
        return min(self._seen, CAPACITY)

    def remember(self, made: list[Made], processes: Processes) -> None:
        """Add the pictures of a step, those of other processes too, in the order of their parts."""
        size = self._pictures.shape[-1]
        shown = [torch.cat([each.shown.image, resize(each.shown.raw, size), resize(each.shown.mask, size)], dim=1)
                 for each in made]  # fmt: skip
        pictures = processes.gathered(torch.cat(shown).to(torch.float16))
        poses = processes.gathered(torch.cat([each.poses for each in made]))
        cameras = processes.gathered(torch.cat([each.c for each in made]))
        places = torch.arange(self._seen, self._seen + len(poses), device=poses.device) % CAPACITY
        self._pictures[places], self._poses[places], self._cameras[places] = pictures, poses, cameras
        self._seen += len(poses)

    def drawn(self, count: int, random: torch.Generator) -> Made:
        """``count`` of them, any of which may come twice; needs one at least."""
        index = torch.randint(len(self), (count,), generator=random, device=random.device)
        image, raw, mask = torch.split(self._pictures[index].float(), [3, 3, 1], dim=1)
        return Made(Portraits(image, raw, mask), self._poses[index], self._cameras[index])

    def state(self) -> dict[str, Tensor]:
        """All that is remembered, for a run that is resumed."""
        kept = slice(0, len(self))
        return {
            "pictures": self._pictures[kept].cpu().clone(),
            "poses": self._poses[kept].cpu().clone(),
            "cameras": self._cameras[kept].cpu().clone(),
            "seen": torch.tensor(self._seen),
        }

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Remember what :meth:`state` told. Raises KeyError or RuntimeError where that is of another training."""
        kept = slice(0, len(state["poses"]))
        self._pictures[kept].copy_(state["pictures"])
        self._poses[kept].copy_(state["poses"])
        self._cameras[kept].copy_(state["cameras"])
        self._seen = int(state["seen"])
