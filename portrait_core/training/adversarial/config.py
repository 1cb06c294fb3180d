# SPDX-License-Identifier: Apache-2.0
"""Everything that determines an adversarial training, as one frozen, typed object; and the named ones.

Fields are named after the published options where one exists, and the defaults are the published ones
(docs/published/training.md). A file changes a named configuration: ``base = "tiny"``, then fields, then the tables
``[generator]``, ``[generator.rendering]``, ``[discriminator]`` and ``[data]``.
"""

from __future__ import annotations

import dataclasses
import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast, get_args

from portrait_core.errors import ModelFileError, UsageError, suggestion
from portrait_core.models.portrait_gan.config import GeneratorConfig
from portrait_core.networks.discriminator import DiscriminatorConfig
from portrait_core.training.adversarial.data import DataOptions

PoseWay = Literal["published", "coarse-residual", "distribution"]
WarpKind = Literal["exact", "lattice"]
DensityRegularity = Literal["l1", "monotonic-detach", "monotonic-fixed"]
Precision = Literal["fp32", "tf32", "bf16", "fp16"]
Augment = Literal["none", "fixed", "ada"]


@dataclass(frozen=True)
class TrainingConfig:
    """How a generator and a discriminator are trained against each other.

    Length:
        kimg: thousands of images after which the training ends. batch: images of a step, over all processes.
        batch_gpu: images that one process works on at a time; 0 for its whole share. Gradients of the rest accumulate.
        resume_kimg: thousands of images that were shown before, where networks are taken from another run.
    Rates:
        glr, dlr: learning rates of generator and discriminator. ema_kimg: half-life of the averaged weights; 0 for
        10 * batch / 32. ema_rampup: share of the images shown that it is at most.
    Losses:
        gamma, gamma_seg: weights of the gradient penalty on pictures and on the mask. d_reg_interval: steps between
        two penalties. density_reg: weight of the density regularity ``reg_type``, ``density_reg_p_dist`` its distance.
        pose_loss_weight: of the discriminator's reading of generated poses. pose_label_weight: of its reading of real
        pictures' coarse poses; 0 as published, where no label of a real picture is ever seen. pose_label_reads: real
        pictures of each part of a further step of the discriminator's, which learns nothing but to read their coarse
        poses; a multiple of the group of its mini-batch deviation.
        pose_replay: pictures generated in earlier steps whose pose it reads again, for each part of a step; a multiple
        of the group of the discriminator's mini-batch deviation; 0 as published.
        reuse_fakes: whether the discriminator learns from the pictures of the generator's step; else from new ones.
    Poses:
        pose_way: where the generator's poses come from, see `portrait_core.training.adversarial.pose_ways`.
        train_g_pose_branch: whether the generator's pose branch learns (the first published stage).
        pose_prior, pose_prior_kimg, pose_prior_fade_kimg: weight of what ties it to the data set's coarse poses, how
        long that stays, and how long it then takes to vanish.
        pose_init: factor on the last layers of both pose branches at the start. The published one is 1: poses of 3
        rad, so that heads spin for some thousand images.
    Conditioning:
        gpc_reg_prob, gpc_reg_fade_kimg: probability that the mapping sees another picture's camera and pose; it falls
        to it from 1. bcg_reg_prob: that the background is another one's. style_mixing_prob: that rows from a random
        one on are another latent's.
    Schedules:
        blur_init_sigma, blur_fade_kimg: of what the discriminator sees, in pixels of 512 as published (other sizes in
        proportion). density_noise, density_noise_fade_kimg: deviation of the noise on raw densities.
        neural_rendering_resolution_initial, _final, _fade_kimg: side of the rendered picture.
    Warp:
        warp: ``exact`` (the published nearest triangle of every point) or ``lattice`` (of a lattice's nodes, once a
        body and step, interpolated). lattice_nodes: along an axis.
    Run:
        kimg_per_tick, snap, image_snap: a tick's length, ticks between snapshots and between pictures. seed: of all
        random numbers.
    Computing:
        precision: ``fp32``; ``fp16`` (published) or ``bf16``: the layers that cost most in half precision; ``tf32``:
        float32 with factors of ten bits on cards. See `portrait_core.training.adversarial.precision`. compile: whether
        torch compiles the networks.
    Augmentation:
        augment: of what the discriminator sees: ``none`` (published), ``fixed``, or ``ada``, which raises its
        probability while the discriminator knows the real pictures too well. See
        `portrait_core.training.adversarial.augmentation`. augment_p: the probability of ``fixed``. ada_target: the
        mean sign of real pictures' logits that ``ada`` aims at, ada_interval: steps between two changes, ada_kimg: in
        which the probability can go from 0 to 1.
    """

    name: str
    kimg: float = 6000
    batch: int = 32
    batch_gpu: int = 0
    resume_kimg: float = 0
    glr: float = 0.0025
    dlr: float = 0.002
    ema_kimg: float = 0
    ema_rampup: float = 0.05
    gamma: float = 1
    gamma_seg: float = 1
    d_reg_interval: int = 16
    density_reg: float = 0
    density_reg_p_dist: float = 0.004
    reg_type: DensityRegularity = "l1"
    pose_loss_weight: float = 1
    pose_label_weight: float = 0
    pose_label_reads: int = 0
    pose_replay: int = 0
    reuse_fakes: bool = False
    pose_way: PoseWay = "published"
    train_g_pose_branch: bool = True
    pose_prior: float = 0.5
    pose_prior_kimg: float = 200
    pose_prior_fade_kimg: float = 200
    pose_init: float = 1
    gpc_reg_prob: float = 0.7
    gpc_reg_fade_kimg: float = 1000
    bcg_reg_prob: float = 0.2
    style_mixing_prob: float = 0
    blur_init_sigma: float = 10
    blur_fade_kimg: float = 200
    density_noise: float = 1
    density_noise_fade_kimg: float = 200
    neural_rendering_resolution_initial: int = 64
    neural_rendering_resolution_final: int = 64
    neural_rendering_resolution_fade_kimg: float = 1000
    warp: WarpKind = "exact"
    lattice_nodes: int = 20
    kimg_per_tick: float = 4
    snap: int = 50
    image_snap: int = 50
    seed: int = 0
    precision: Precision = "fp32"
    compile: bool = False
    augment: Augment = "none"
    augment_p: float = 0.2
    ada_target: float = 0.6
    ada_kimg: float = 500
    ada_interval: int = 4
    data: DataOptions = field(default_factory=DataOptions)
    generator: GeneratorConfig = field(default_factory=GeneratorConfig)
    discriminator: DiscriminatorConfig = field(default_factory=DiscriminatorConfig)

    def __post_init__(self) -> None:
        """Raises UsageError naming the field, what was got and what was expected."""
        for name, low, high in (
            ("kimg", 0.001, 1e9), ("batch", 1, 65536), ("batch_gpu", 0, 65536), ("resume_kimg", 0, 1e9),
            ("glr", 0, 1), ("dlr", 0, 1), ("ema_kimg", 0, 1e6), ("ema_rampup", 0, 1e3), ("gamma", 0, 1e6),
            ("gamma_seg", 0, 1e6), ("d_reg_interval", 1, 10_000), ("density_reg", 0, 1e6), ("pose_loss_weight", 0, 1e6),
            ("pose_label_weight", 0, 1e6), ("pose_label_reads", 0, 4096), ("pose_replay", 0, 4096),
            ("pose_prior", 0, 1e6), ("pose_prior_kimg", 0, 1e9), ("pose_prior_fade_kimg", 0, 1e9), ("pose_init", 0, 1),
            ("gpc_reg_prob", 0, 1), ("gpc_reg_fade_kimg", 0, 1e9), ("bcg_reg_prob", 0, 1), ("style_mixing_prob", 0, 1),
            ("blur_init_sigma", 0, 100), ("blur_fade_kimg", 0, 1e9), ("density_noise", 0, 1e3),
            ("density_noise_fade_kimg", 0, 1e9), ("neural_rendering_resolution_initial", 4, 1024),
            ("neural_rendering_resolution_final", 4, 1024), ("neural_rendering_resolution_fade_kimg", 0, 1e9),
            ("lattice_nodes", 4, 128), ("kimg_per_tick", 0.001, 1e6), ("snap", 1, 1e6), ("image_snap", 1, 1e6),
            ("seed", 0, 2**32 - 1),
            ("augment_p", 0, 1), ("ada_target", -1, 1), ("ada_kimg", 0.001, 1e9), ("ada_interval", 1, 1e6),
        ):  # fmt: skip
            value = getattr(self, name)
            if not (low <= value <= high and math.isfinite(value)):  # so that NaN fails as well
                raise UsageError(f"training: {name} is {value:g}; it goes from {low:g} to {high:g}.")
        for name, kind in (
            ("pose_way", PoseWay),
            ("warp", WarpKind),
            ("reg_type", DensityRegularity),
            ("precision", Precision),
            ("augment", Augment),
        ):
            if getattr(self, name) not in get_args(kind):
                raise UsageError(f"training: {name} is {getattr(self, name)!r}; it is {', '.join(get_args(kind))}.")
        if self.generator.img_resolution != self.discriminator.img_resolution:
            raise UsageError(
                f"training: the generator makes {self.generator.img_resolution} pixels and the discriminator takes "
                f"{self.discriminator.img_resolution}; both img_resolution must be equal."
            )
        for name in ("pose_replay", "pose_label_reads"):
            if getattr(self, name) % self.discriminator.mbstd_group_size:
                raise UsageError(
                    f"training: {name} is {getattr(self, name)}; it must be a multiple of "
                    f"{self.discriminator.mbstd_group_size}, the group of the discriminator's mini-batch deviation."
                )
        if not self.generator.pose_branch:
            raise UsageError("training: generator.pose_branch must be true; poses are what is learnt here.")
        if self.generator.superresolution is None:
            size, last = self.generator.img_resolution, self.neural_rendering_resolution_final
            if last != size or self.neural_rendering_resolution_initial > size:
                raise UsageError(
                    f"training: without super-resolution the rendered picture is the final one; set "
                    f"neural_rendering_resolution_final to {size}, and _initial to that or less."
                )

    def share(self, processes: int) -> tuple[int, int]:
        """Images of a step in one process, and of those how many at a time; raises UsageError where they do not fit."""
        own, rest = divmod(self.batch, processes)
        at_once = self.batch_gpu or own
        if rest or own == 0:
            raise UsageError(f"training: batch is {self.batch}; it must be a multiple of the {processes} processes.")
        if own % at_once:
            raise UsageError(
                f"training: batch_gpu is {at_once}; it must divide the {own} images that each process has of a step."
            )
        group = min(self.discriminator.mbstd_group_size, at_once)
        if at_once % group:
            raise UsageError(
                f"training: {at_once} images at a time are no multiple of {group}, the group of the discriminator's "
                "mini-batch deviation; change batch, batch_gpu or discriminator.mbstd_group_size."
            )
        return own, at_once

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings, None, lists and dictionaries, as JSON gives them back."""
        return cast("dict[str, Any]", json.loads(json.dumps(dataclasses.asdict(self))))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainingConfig:
        """What `to_dict` wrote. Raises UsageError for a name that this version does not know or a wrong value."""
        table = dict(values)
        try:
            generator = GeneratorConfig.from_dict(table.pop("generator"))
            discriminator = DiscriminatorConfig.from_dict(table.pop("discriminator"))
        except KeyError as error:
            raise UsageError(f"training: the configuration has no table {error}.") from None
        except (ModelFileError, ValueError, TypeError) as error:
            raise UsageError(f"training: {error}") from None
        data = _checked(DataOptions, table.pop("data", {}), "data.")
        return cls(**_checked_values(cls, table, ""), data=data, generator=generator, discriminator=discriminator)

    def changed(self, changes: Mapping[str, Any]) -> TrainingConfig:
        """The same with other values: fields by name, tables of fields, or dotted names.

        Raises UsageError as :meth:`from_dict`.
        """
        return TrainingConfig.from_dict(_merged(self.to_dict(), changes))


def _merged(values: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(values)
    for name, value in changes.items():
        head, _, rest = name.partition(".")
        if rest:
            name, value = head, {rest: value}
        below = merged.get(name)
        nested = isinstance(below, dict) and isinstance(value, dict)
        merged[name] = _merged(cast("dict[str, Any]", below), cast("dict[str, Any]", value)) if nested else value
    return merged


def _checked(kind: Any, values: Any, prefix: str) -> Any:
    return kind(**_checked_values(kind, cast("dict[str, Any]", values), prefix))


def _checked_values(kind: Any, values: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The values, numbers brought to their fields' types; raises UsageError for unknown names and wrong kinds."""
    kinds = {each.name: str(each.type) for each in dataclasses.fields(kind)}
    found: dict[str, Any] = {}
    for name, value in values.items():
        if name not in kinds:
            raise UsageError(f"training: unknown setting {prefix}{name}. {suggestion(name, kinds, what='settings')}")
        expected = kinds[name]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if expected == "float" and number:
            found[name] = float(value)
        elif (
            (expected == "int" and number and float(value).is_integer())
            or (expected == "bool" and isinstance(value, bool))
            or (expected not in ("int", "float", "bool") and isinstance(value, str))
        ):
            found[name] = int(value) if expected == "int" else value
        else:
            wanted = {"float": "a number", "int": "a whole number", "bool": "true or false"}.get(expected, "a name")
            raise UsageError(f"training: {prefix}{name} is {value!r}; expected {wanted}.")
    return found


def read_config(name_or_file: str, named: Mapping[str, TrainingConfig]) -> TrainingConfig:
    """A named configuration, or that of a TOML file. Raises UsageError in plain words."""
    if not name_or_file.endswith(".toml"):
        if name_or_file not in named:
            hint = suggestion(name_or_file, named, what="configurations")
            raise UsageError(f"configuration {name_or_file!r} is not known. {hint} Or give a .toml file.")
        return named[name_or_file]
    path = Path(name_or_file)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not a TOML file ({error}).") from None
    base = content.pop("base", None)
    if base not in named:
        raise UsageError(f'{path}: base is {base!r}; expected base = "NAME" with one of {", ".join(named)}.')
    return named[cast("str", base)].changed({"name": path.stem, **content})
