# SPDX-License-Identifier: Apache-2.0
"""One iteration: the generator's step, the discriminator's, and now and then the gradient penalty's.

Source: docs/published/training.md. Every random number follows from seed, process and iteration.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from portrait_core.networks.discriminator import Portraits
from portrait_core.networks.resampling import resize
from portrait_core.rendering.jitter import Drawn
from portrait_core.rendering.renderer import RenderSettings
from portrait_core.training import losses, schedules
from portrait_core.training.adversarial.config import TrainingConfig
from portrait_core.training.adversarial.data import PortraitData
from portrait_core.training.adversarial.networks import Networks, average
from portrait_core.training.adversarial.pose_ways import CROWD
from portrait_core.training.adversarial.processes import ALONE, Processes, average_gradients
from portrait_core.training.adversarial.warp import ExactWarp, LatticeWarp

Report = dict[str, Tensor]


@dataclass(frozen=True)
class Moment:
    """What the schedules say at a number of images shown (docs/published/training.md)."""

    sigma: float
    density_noise: float
    swap: float
    resolution: int
    prior: float
    decay: float

    @staticmethod
    def of(config: TrainingConfig, images: int) -> Moment:
        """``images`` counts those before a start from another run too; with such a start blur and swapping are over."""
        fresh = config.resume_kimg == 0
        own = images - config.resume_kimg * 1000
        size = config.generator.img_resolution
        half_life = config.ema_kimg * 1000 or config.batch / 32 * 10_000
        return Moment(
            sigma=schedules.blur_sigma(
                images,
                start=config.blur_init_sigma * size / 512 if fresh else 0.0,
                fade_images=config.blur_fade_kimg * 1000,
            ),
            density_noise=schedules.density_noise(
                images, start=config.density_noise, fade_images=config.density_noise_fade_kimg * 1000
            ),
            swap=schedules.swap_probability(
                images, final=config.gpc_reg_prob, fade_images=config.gpc_reg_fade_kimg * 1000 if fresh else 0
            ),
            resolution=schedules.neural_resolution(
                own,
                first=config.neural_rendering_resolution_initial,
                last=config.neural_rendering_resolution_final,
                fade_images=config.neural_rendering_resolution_fade_kimg * 1000,
            ),
            prior=schedules.pose_prior_weight(
                images,
                start=config.pose_prior,
                hold_images=config.pose_prior_kimg * 1000,
                fade_images=config.pose_prior_fade_kimg * 1000,
            ),
            decay=schedules.average_decay(
                images, batch=config.batch, half_life=half_life, ramp_up=config.ema_rampup if fresh else None
            ),
        )


@dataclass(frozen=True)
class Drawing:
    """Latents, cameras and coarse poses of generated pictures."""

    z: Tensor
    c: Tensor
    coarse: Tensor


@dataclass(frozen=True)
class Made:
    """Generated portraits without gradients, their poses ``[B, 6]`` and cameras ``[B, 25]``."""

    shown: Portraits
    poses: Tensor
    c: Tensor


def real_portraits(config: TrainingConfig, image: Tensor, mask: Tensor, moment: Moment) -> Portraits:
    """Pictures of the data set as sharp as generated ones are at that moment (see `losses.real_portraits`).

    Without super-resolution a generated picture is the rendered one, enlarged where that is still smaller.
    """
    shown = losses.real_portraits(image, mask, moment.resolution, sigma=moment.sigma)
    if config.generator.superresolution is not None or moment.resolution == image.shape[-1]:
        return shown
    enlarged = resize(resize(image, moment.resolution), image.shape[-1])
    return dataclasses.replace(shown, image=enlarged)


class Phases:
    """Takes the steps; holds optimisers, but not how far the training is."""

    def __init__(
        self,
        networks: Networks,
        config: TrainingConfig,
        data: PortraitData,
        device: torch.device,
        processes: Processes = ALONE,
    ) -> None:
        self.networks, self.config, self.data = networks, config, data
        self.device, self.processes = device, processes
        self.share, self.at_once = config.share(processes.count)
        body = networks.generator.renderer
        assert body is not None  # every training has a body
        thickness = config.generator.thickness
        if config.warp == "lattice":
            warp = LatticeWarp(body, config.lattice_nodes, thickness=thickness)
        else:
            warp = ExactWarp(body, thickness=thickness)
        self.warp = warp.to(device)
        """Poses ``[B, 6]`` to maps of posed points to canonical ones, as the configuration has it."""
        # Two floats: torch refuses a whole number beside one.
        lazy = config.d_reg_interval / (config.d_reg_interval + 1)
        self.of_generator = networks.learnt_by_generator(pose_branch=config.train_g_pose_branch)
        self.of_discriminator = list(networks.discriminator.parameters())
        self.generator_optimiser = torch.optim.Adam(self.of_generator, lr=config.glr, betas=(0.0, 0.99), eps=1e-8)
        self.discriminator_optimiser = torch.optim.Adam(
            self.of_discriminator, lr=config.dlr * lazy, betas=(0.0, 0.99**lazy), eps=1e-8
        )

    def iteration(self, number: int, images: int) -> Report:
        """Take all steps of iteration ``number`` (from 0), when ``images`` were shown; means of what was seen."""
        config, networks = self.config, self.networks
        moment = Moment.of(config, images)
        rng, random = _numbers(config.seed, self.processes.rank, number, self.device)
        real = self.data.draw(rng, self.share)
        image, mask = (each.to(self.device) for each in self.data.pictures_of(real))
        camera, coarse = (each.to(self.device) for each in self.data.labels_of(real))
        report: Report = {}
        made: list[Made] = []
        with self._step(self.of_generator, self.generator_optimiser):
            for part in self._parts():
                loss = self.generator_loss(self._drawing(rng, random, part), rng, random, moment, report, made)
                (loss / len(self._parts())).backward()  # pyright: ignore[reportUnknownMemberType]
        with self._step(self.of_discriminator, self.discriminator_optimiser):
            for number_of_part, part in enumerate(self._parts()):
                if config.reuse_fakes:
                    fakes = made[number_of_part]
                else:
                    fakes = self.make(self._drawing(rng, random, part), random, moment)
                loss = self.fake_loss(fakes, moment, report)
                (loss / len(self._parts())).backward()  # pyright: ignore[reportUnknownMemberType]
                shown = real_portraits(config, image[part], mask[part], moment)
                loss = self.real_loss(shown, camera[part], moment, report, coarse[part])
                (loss / len(self._parts())).backward()  # pyright: ignore[reportUnknownMemberType]
        self.processes.mean(networks.generator.backbone.mapping.w_avg)
        if number % config.d_reg_interval == 0:
            with self._step(self.of_discriminator, self.discriminator_optimiser):
                for part in self._parts():
                    shown = real_portraits(config, image[part], mask[part], moment)
                    loss = self.penalty_loss(shown, camera[part], moment, report)
                    (loss / len(self._parts())).backward()  # pyright: ignore[reportUnknownMemberType]
        average(networks.generator_average, networks.generator, moment.decay)
        average(networks.discriminator_average, networks.discriminator, moment.decay)
        return report

    def generator_loss(
        self,
        drawing: Drawing,
        rng: np.random.Generator,
        random: torch.Generator,
        moment: Moment,
        report: Report,
        made: list[Made] | None = None,
    ) -> Tensor:
        """What the generator's step makes smaller. With ``reuse_fakes`` what was generated is added to ``made``."""
        config, networks = self.config, self.networks
        shown, poses, ws = self.generate(drawing, random, moment, update_average=config.reuse_fakes)
        if config.reuse_fakes and made is not None:
            made.append(Made(shown.detached(), poses.detach(), drawing.c))
        logits, _ = losses.judge(networks.discriminator, shown, drawing.c, sigma=moment.sigma, pose_gradient=False)
        loss = losses.generator_loss(logits).mean()
        _note(report, "G", loss)
        _note(report, "mask", shown.mask)
        if config.train_g_pose_branch:
            crowd = self._drawing(rng, random, slice(0, CROWD))
            prior, taught = networks.poses.prior(
                networks.generator, drawing.z, drawing.c, drawing.coarse, poses, crowd=(crowd.z, crowd.c, crowd.coarse)
            )
            _note(report, "prior", prior)
            loss = loss + moment.prior * prior + taught
        if config.density_reg > 0:
            loss = loss + self._density_loss(ws, random)
        return loss

    @torch.no_grad()
    def make(self, drawing: Drawing, random: torch.Generator, moment: Moment) -> Made:
        """Portraits for the discriminator."""
        shown, poses, _ = self.generate(drawing, random, moment, update_average=True)
        return Made(shown, poses, drawing.c)

    def fake_loss(self, fakes: Made, moment: Moment, report: Report) -> Tensor:
        """What the discriminator's step makes smaller about generated pictures: logits, and its reading of poses."""
        logits, read = losses.judge(self.networks.discriminator, fakes.shown, fakes.c, sigma=moment.sigma)
        fake, pose = losses.fake_loss(logits).mean(), losses.squared_pose_error(read, fakes.poses).mean()
        _note(report, "D_fake", fake)
        _note(report, "D_pose", pose)
        return fake + self.config.pose_loss_weight * pose

    def real_loss(
        self, shown: Portraits, c: Tensor, moment: Moment, report: Report, coarse: Tensor | None = None
    ) -> Tensor:
        """What it makes smaller about pictures of the data set, with their ``coarse`` poses where those teach too."""
        weight = 0.0 if coarse is None else self.config.pose_label_weight
        logits, read = losses.judge(self.networks.discriminator, shown, c, sigma=moment.sigma, pose_gradient=weight > 0)
        loss = losses.real_loss(logits).mean()
        _note(report, "D_real", loss)
        if coarse is None or weight == 0:
            return loss
        labelled = losses.squared_pose_error(read, coarse).mean()
        _note(report, "D_label", labelled)
        return loss + weight * labelled

    def penalty_loss(self, shown: Portraits, c: Tensor, moment: Moment, report: Report) -> Tensor:
        """The gradient penalty, times the steps between two."""
        config = self.config
        leaves = Portraits(*(each.detach().clone().requires_grad_() for each in (shown.image, shown.raw, shown.mask)))
        logits, _ = losses.judge(self.networks.discriminator, leaves, c, sigma=moment.sigma, pose_gradient=False)
        penalty = losses.gradient_penalty(logits, leaves, gamma=config.gamma, gamma_mask=config.gamma_seg)
        _note(report, "R1", penalty.total)
        return penalty.total.mean() * config.d_reg_interval

    def generate(
        self, drawing: Drawing, random: torch.Generator, moment: Moment, *, update_average: bool = False
    ) -> tuple[Portraits, Tensor, Tensor]:
        """Generated portraits, their poses ``[B, 6]`` and style rows (docs/published/training.md)."""
        config, generator = self.config, self.networks.generator
        z, c = drawing.z, drawing.c
        with torch.set_grad_enabled(config.train_g_pose_branch and torch.is_grad_enabled()):
            poses = self.networks.poses.poses(generator, z, c, drawing.coarse)
        swap = self._chance(len(z), moment.swap, random)[:, None]
        label, posed = torch.where(swap, c.roll(1, 0), c), torch.where(swap, poses.roll(1, 0), poses)
        ws = generator.mapping(z, label, posed, update_average=update_average)
        if config.style_mixing_prob > 0:
            ws = self._mixed(ws, label, posed, random)
        other = self._chance(len(z), config.bcg_reg_prob, random)[:, None, None]
        settings: RenderSettings = dataclasses.replace(config.generator.rendering, density_noise=moment.density_noise)
        seen = generator.synthesis(
            ws,
            c,
            deform=self.warp(poses),
            numbers=Drawn(random),
            settings=settings,
            neural_resolution=moment.resolution,
            ws_background=torch.where(other, ws.roll(1, 0), ws),
            noise_mode="random",
            generator=random,
        )
        image = resize(seen["image"], config.generator.img_resolution)  # smaller only while a picture still grows
        return Portraits(image, seen["image_raw"], seen["image_mask"]), poses, ws

    def _mixed(self, ws: Tensor, label: Tensor, posed: Tensor, random: torch.Generator) -> Tensor:
        """Some rows of another latent, from a random one on, for all pictures of the batch or none."""
        rows = ws.shape[1]
        first = int(torch.randint(1, rows, (1,), generator=random, device=random.device))
        if not bool(self._chance(1, self.config.style_mixing_prob, random)):
            return ws
        z = torch.randn(len(ws), self.config.generator.z_dim, generator=random, device=random.device)
        return torch.cat([ws[:, :first], self.networks.generator.mapping(z, label, posed)[:, first:]], dim=1)

    def _density_loss(self, ws: Tensor, random: torch.Generator) -> Tensor:
        config, generator = self.config, self.networks.generator
        planes = generator.planes(ws, noise_mode="random", generator=random)
        width = config.generator.rendering.box_warp

        def density_at(points: Tensor) -> Tensor:
            return generator.evaluate_points(planes, points, ws)[0]

        if config.reg_type == "l1":
            return losses.density_smoothness(
                density_at, len(ws), random, weight=config.density_reg, spread=config.density_reg_p_dist
            )
        front = losses.density_monotony(
            density_at, len(ws), random, box_warp=width, detach_front=config.reg_type == "monotonic-detach"
        )
        return front + losses.density_smoothness(
            density_at, len(ws), random, weight=config.density_reg, spread=width / 256
        )

    def _chance(self, count: int, probability: float, random: torch.Generator) -> Tensor:
        return torch.rand(count, generator=random, device=random.device) < probability

    def _drawing(self, rng: np.random.Generator, random: torch.Generator, part: slice) -> Drawing:
        count = part.stop - part.start
        c, coarse = self.data.labels_of(self.data.draw(rng, count))
        z = torch.randn(count, self.config.generator.z_dim, generator=random, device=random.device)
        return Drawing(z, c.to(self.device), coarse.to(self.device))

    def _parts(self) -> list[slice]:
        return [slice(start, start + self.at_once) for start in range(0, self.share, self.at_once)]

    @contextmanager
    def _step(self, parameters: list[nn.Parameter], optimiser: torch.optim.Optimizer) -> Generator[None, None, None]:
        """Only these parameters learn inside; at the end gradients are averaged, cleaned and followed."""
        for each in parameters:
            each.requires_grad_(True)
        optimiser.zero_grad(set_to_none=True)
        yield
        for each in parameters:
            each.requires_grad_(False)
        average_gradients(parameters, self.processes)
        optimiser.step()  # pyright: ignore[reportUnknownMemberType]
        optimiser.zero_grad(set_to_none=True)


def _numbers(seed: int, rank: int, number: int, device: torch.device) -> tuple[np.random.Generator, torch.Generator]:
    """Sources of the random numbers of an iteration of a process."""
    sequence = np.random.SeedSequence([seed, rank, number])
    state: NDArray[Any] = sequence.generate_state(1, np.uint64)
    return np.random.default_rng(sequence.spawn(1)[0]), torch.Generator(device).manual_seed(int(state[0] >> 1))


def _note(report: Report, name: str, value: Tensor) -> None:
    value = value.detach().mean()
    report[name] = value if name not in report else (report[name] + value) / 2
