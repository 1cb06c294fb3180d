# SPDX-License-Identifier: Apache-2.0
"""One iteration: the generator's step, the discriminator's, and now and then the gradient penalty's.

Source: docs/published/training.md. Every random number follows from seed, process and iteration.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from portrait_core.networks.discriminator import Portraits
from portrait_core.networks.resampling import blur, resize
from portrait_core.rendering.jitter import Drawn
from portrait_core.rendering.renderer import RenderSettings
from portrait_core.training import losses
from portrait_core.training.adversarial.augmentation import Augmentation
from portrait_core.training.adversarial.config import TrainingConfig
from portrait_core.training.adversarial.data import PortraitData
from portrait_core.training.adversarial.density import density_loss
from portrait_core.training.adversarial.moments import Moment, real_portraits
from portrait_core.training.adversarial.networks import Networks, average
from portrait_core.training.adversarial.parts import Drawing, Made, Part, Parts
from portrait_core.training.adversarial.pose_memory import PoseMemory
from portrait_core.training.adversarial.pose_ways import CROWD
from portrait_core.training.adversarial.precision import compile_networks, computing, set_precision, uncompiled
from portrait_core.training.adversarial.processes import ALONE, Processes, StyleAverage, average_gradients
from portrait_core.training.adversarial.warp import make_warp

Report = dict[str, Tensor]
Notes = dict[str, list[Tensor]]
"""What was seen of an iteration's parts."""


class Phases:
    """Takes the steps; holds optimisers, but not how far the training is."""

    augmentation: Augmentation | None = None
    memory: PoseMemory | None = None

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
        share, self.at_once = config.share(processes.count)
        own = share // self.at_once
        places = range(processes.rank * own, (processes.rank + 1) * own)
        self.parts = Parts(data, config.seed, places, self.at_once, device)
        if config.augment != "none":
            self.augmentation = Augmentation(config, device)
        if config.pose_replay > 0:
            self.memory = PoseMemory(config, device)
        set_precision(networks, config.precision, device)
        if config.compile:
            compile_networks(networks)
        body = networks.generator.renderer
        assert body is not None  # every training has a body
        warp = make_warp(config.warp, body, nodes=config.lattice_nodes, thickness=config.generator.thickness)
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

        # Steps of its own: the penalty's gradients, sixteenfold each sixteenth step, would make those of reading small.
        self.of_reading = networks.discriminator.reading_parameters()
        self.reading_optimiser = (
            torch.optim.Adam(self.of_reading, lr=config.dlr, betas=(0.9, 0.99), eps=1e-8)
            if config.pose_label_reads > 0
            else None
        )

    def iteration(self, number: int, images: int) -> Report:
        """Take all steps of iteration ``number`` (from 0), when ``images`` were shown; means of what was seen."""
        with computing(self.config.precision):
            return self._iteration(number, images)

    def _iteration(self, number: int, images: int) -> Report:
        config, networks = self.config, self.networks
        moment = Moment.of(config, images)
        parts = self.parts.of(number)
        notes: Notes = {}
        made: list[Made] = []
        style = StyleAverage(networks.generator.backbone.mapping.w_avg)
        with self._step(self.of_generator, self.generator_optimiser):
            for part in parts:
                drawing = self._drawing(part.rng, part.random, self.at_once)
                with style.moved(config.reuse_fakes):
                    loss = self.generator_loss(drawing, part.rng, part.random, moment, notes, made)
                (loss / len(parts)).backward()  # pyright: ignore[reportUnknownMemberType]
        with self._step(self.of_discriminator, self.discriminator_optimiser):
            for place, part in enumerate(parts):
                if config.reuse_fakes:
                    fakes = made[place]
                else:
                    drawing = self._drawing(part.rng, part.random, self.at_once)
                    with style.moved():
                        fakes = self.make(drawing, part.random, moment)
                    made.append(fakes)
                loss = self.fake_loss(self._augmented(fakes, part.random), moment, notes)
                (loss / len(parts)).backward()  # pyright: ignore[reportUnknownMemberType]
                real = self._real(part, moment)
                loss = self.real_loss(real.shown, real.c, moment, notes, real.poses)
                (loss / len(parts)).backward()  # pyright: ignore[reportUnknownMemberType]
                if self.memory is not None and len(self.memory) > 0:
                    old = self._augmented(self.memory.drawn(config.pose_replay, part.random), part.random)
                    loss = config.pose_loss_weight * self.reading_loss("D_replay", old, moment, notes)
                    (loss / len(parts)).backward()  # pyright: ignore[reportUnknownMemberType]
        if self.reading_optimiser is not None:
            with self._step(self.of_reading, self.reading_optimiser):
                for part in parts:
                    loss = self.reading_loss("D_label_reads", self._labelled(part, moment), moment, notes)
                    (loss / len(parts)).backward()  # pyright: ignore[reportUnknownMemberType]
        if self.memory is not None:
            self.memory.remember(made, self.processes)
        style.settle(self.processes)
        if number % config.d_reg_interval == 0:
            with self._step(self.of_discriminator, self.discriminator_optimiser), uncompiled(config.compile):
                for part in parts:
                    real = self._real(part, moment)
                    loss = self.penalty_loss(real.shown, real.c, moment, notes)
                    (loss / len(parts)).backward()  # pyright: ignore[reportUnknownMemberType]
        average(networks.generator_average, networks.generator, moment.decay)
        average(networks.discriminator_average, networks.discriminator, moment.decay)
        report = {name: torch.stack(values).mean() for name, values in notes.items()}
        if self.augmentation is not None:
            report["augment_p"] = self.augmentation.adjusted(number, self.processes)
        return report

    def generator_loss(
        self,
        drawing: Drawing,
        rng: np.random.Generator,
        random: torch.Generator,
        moment: Moment,
        notes: Notes,
        made: list[Made] | None = None,
    ) -> Tensor:
        """What the generator's step makes smaller. With ``reuse_fakes`` what was generated is added to ``made``."""
        config, networks = self.config, self.networks
        shown, poses, ws = self.generate(drawing, random, moment, update_average=config.reuse_fakes)
        if config.reuse_fakes and made is not None:
            made.append(Made(shown.detached(), poses.detach(), drawing.c))
        seen = self._augmented(Made(shown, poses, drawing.c), random)
        logits, _ = losses.judge(networks.discriminator, seen.shown, seen.c, sigma=moment.sigma, pose_gradient=False)
        loss = losses.generator_loss(logits).mean()
        _note(notes, "G", loss)
        _note(notes, "mask", shown.mask)
        if config.train_g_pose_branch:
            crowd = self._drawing(rng, random, CROWD)
            prior, taught = networks.poses.prior(
                networks.generator, drawing.z, drawing.c, drawing.coarse, poses, crowd=(crowd.z, crowd.c, crowd.coarse)
            )
            _note(notes, "prior", prior)
            loss = loss + moment.prior * prior + taught
        if config.density_reg > 0:
            loss = loss + density_loss(networks.generator, config, ws, random)
        return loss

    @torch.no_grad()
    def make(self, drawing: Drawing, random: torch.Generator, moment: Moment) -> Made:
        """Portraits for the discriminator."""
        shown, poses, _ = self.generate(drawing, random, moment, update_average=True)
        return Made(shown, poses, drawing.c)

    def fake_loss(self, fakes: Made, moment: Moment, notes: Notes) -> Tensor:
        """What the discriminator's step makes smaller about generated pictures: logits, and its reading of poses."""
        logits, read = losses.judge(self.networks.discriminator, fakes.shown, fakes.c, sigma=moment.sigma)
        fake, pose = losses.fake_loss(logits).mean(), losses.squared_pose_error(read, fakes.poses).mean()
        _note(notes, "D_fake", fake)
        _note(notes, "D_pose", pose)
        return fake + self.config.pose_loss_weight * pose

    def _labelled(self, part: Part, moment: Moment) -> Made:
        """Further pictures of the data set with their coarse poses."""
        numbers = self.data.draw(part.rng, self.config.pose_label_reads)
        image, mask, camera, coarse = (
            each.to(self.device) for each in (*self.data.pictures_of(numbers), *self.data.labels_of(numbers))
        )
        return self._real(dataclasses.replace(part, image=image, mask=mask, camera=camera, coarse=coarse), moment)

    def reading_loss(self, name: str, made: Made, moment: Moment, notes: Notes) -> Tensor:
        """How far the poses that it reads from pictures are off theirs."""
        shown = dataclasses.replace(made.shown, image=blur(made.shown.image, moment.sigma))
        read = self.networks.discriminator.predict_pose(shown, made.c)
        pose = losses.squared_pose_error(read, made.poses).mean()
        _note(notes, name, pose)
        return pose

    def real_loss(
        self, shown: Portraits, c: Tensor, moment: Moment, notes: Notes, coarse: Tensor | None = None
    ) -> Tensor:
        """What it makes smaller about pictures of the data set, with their ``coarse`` poses where those teach too."""
        weight = 0.0 if coarse is None else self.config.pose_label_weight
        logits, read = losses.judge(self.networks.discriminator, shown, c, sigma=moment.sigma, pose_gradient=weight > 0)
        if self.augmentation is not None:
            self.augmentation.hear(logits)
        loss = losses.real_loss(logits).mean()
        _note(notes, "D_real", loss)
        if coarse is None or weight == 0:
            return loss
        labelled = losses.squared_pose_error(read, coarse).mean()
        _note(notes, "D_label", labelled)
        return loss + weight * labelled

    def penalty_loss(self, shown: Portraits, c: Tensor, moment: Moment, notes: Notes) -> Tensor:
        """The gradient penalty, times the steps between two."""
        config = self.config
        leaves = Portraits(*(each.detach().clone().requires_grad_() for each in (shown.image, shown.raw, shown.mask)))
        logits, _ = losses.judge(self.networks.discriminator, leaves, c, sigma=moment.sigma, pose_gradient=False)
        penalty = losses.gradient_penalty(logits, leaves, gamma=config.gamma, gamma_mask=config.gamma_seg)
        _note(notes, "R1", penalty.total)
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

    def _chance(self, count: int, probability: float, random: torch.Generator) -> Tensor:
        return torch.rand(count, generator=random, device=random.device) < probability

    def _drawing(self, rng: np.random.Generator, random: torch.Generator, count: int) -> Drawing:
        c, coarse = self.data.labels_of(self.data.draw(rng, count))
        z = torch.randn(count, self.config.generator.z_dim, generator=random, device=random.device)
        return Drawing(z, c.to(self.device), coarse.to(self.device))

    def _real(self, part: Part, moment: Moment) -> Made:
        shown = real_portraits(self.config, part.image, part.mask, moment)
        return self._augmented(Made(shown, part.coarse, part.camera), part.random)

    def _augmented(self, made: Made, random: torch.Generator) -> Made:
        return made if self.augmentation is None else self.augmentation(made, random)

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


def _note(notes: Notes, name: str, value: Tensor) -> None:
    notes.setdefault(name, []).append(value.detach().mean())
