# SPDX-License-Identifier: Apache-2.0
"""What is asked for, measured: models and baselines against the pictures of a data set, one row of figures each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from portrait_core.errors import UsageError, suggestion
from portrait_core.metrics.distances import kernel_distance
from portrait_core.metrics.feature_network import FeatureNetwork
from portrait_core.metrics.features import Features, features_of
from portrait_core.metrics.generated import Conditioning, GeneratedPictures, PoseMode, Subject
from portrait_core.metrics.lite0 import Lite0
from portrait_core.metrics.pictures import DataPictures, Fault, IntArray, PictureSet, draw_pictures
from portrait_core.metrics.pixels import Pixels
from portrait_core.progress import Progress, silent
from portrait_core.training.adversarial.data import DataOptions, PortraitData
from portrait_core.training.adversarial.figures import frechet

Compared = Literal["lite0_kid", "lite0_fd", "pixel_distance"]

NETWORKS: dict[str, str] = {"lite0_kid": "lite0", "lite0_fd": "lite0", "pixel_distance": "pixels"}
"""The network that each measure needs."""


@dataclass(frozen=True)
class MeasureOptions:
    """How is measured.

    Attributes:
        measures: names.
        count: generated pictures. reals: pictures of the data set, at most.
        size: pictures are brought to this side first; None for that of the models.
        poses, conditionings: see `portrait_core.metrics.generated.GeneratedPictures`; each conditioning is a row.
        warp: ``exact``, or ``lattice`` (quick, a few millimetres off).
        baselines: whether half of the data's persons are measured against the other half, as they are, noisy and
            blurred.
        together: pictures at a time; 0 for a number by size.
        seed: of everything that is drawn.
        cache: where features are kept; None for nowhere.
    """

    measures: tuple[str, ...] = ("lite0_kid", "lite0_fd", "pixel_distance")
    count: int = 192
    reals: int = 192
    size: int | None = None
    poses: PoseMode = "generator"
    conditionings: tuple[Conditioning, ...] = ("identical", "separate")
    warp: Literal["exact", "lattice"] = "exact"
    baselines: bool = False
    together: int = 0
    seed: int = 0
    cache: Path | None = None


@dataclass(frozen=True)
class Row:
    """Figures of one set of pictures by the measures' names."""

    name: str
    facts: dict[str, Any]
    figures: dict[str, Any] = field(default_factory=dict[str, Any])


def measure(
    models: Sequence[tuple[str, Path]],
    data: Path,
    masks: Path | None,
    options: MeasureOptions,
    device: torch.device,
    progress: Progress = silent,
) -> list[Row]:
    """A row for each baseline, then for each model and conditioning.

    Raises:
        UsageError: an unknown measure, a data set that does not do, or a network that is not there.
    """
    for each in options.measures:
        if each not in NETWORKS:
            raise UsageError(f"unknown measure {each!r}. {suggestion(each, NETWORKS, what='measures')}")
    networks = _networks(options.measures, device)
    subjects = [Subject(path, device, name=name, warp=options.warp) for name, path in models]
    size = options.size or (subjects[0].size if subjects else None)
    for each in subjects:
        if size is not None and each.size != size:
            raise UsageError(f"{each.path} makes pictures of {each.size} pixels, not {size}; measure it by itself.")
    found = PortraitData(data, masks, size=size, options=DataOptions(mirror=False))
    if len(found) < 2:
        raise UsageError(f"{data} has one picture; distances need two at least, and mean little below a hundred.")
    own, other = _halves(found, options)
    reference = _features(DataPictures(found, own), networks, options, progress, together=64)
    rows: list[Row] = []
    if options.baselines:
        faults: tuple[Fault, ...] = ("none", "noise", "blur")
        for fault in faults:
            pictures = DataPictures(
                found, other, name={"none": "data", "noise": "data, noisy"}.get(fault, "data, blurred"), fault=fault
            )
            rows.append(_row(pictures, reference, networks, options, progress, 64, {"pictures": len(pictures)}))
    for subject in subjects:
        together = options.together or subject.together()
        for conditioning in options.conditionings:
            made = GeneratedPictures(
                subject, found, options.count, poses=options.poses, conditioning=conditioning, seed=options.seed
            )
            facts = {"model": str(subject.path), "kimg": subject.kimg, "conditioning": conditioning}
            facts |= {"poses": options.poses, "pictures": options.count}
            rows.append(_row(made, reference, networks, options, progress, together, facts))
    return rows


def _networks(measures: Sequence[str], device: torch.device) -> dict[str, FeatureNetwork]:
    wanted = dict.fromkeys(NETWORKS[each] for each in measures)
    return {name: Lite0(device) if name == "lite0" else Pixels() for name in wanted}


def _halves(data: PortraitData, options: MeasureOptions) -> tuple[IntArray, IntArray]:
    """Pictures that are measured against, and with baselines others, of other persons, that are measured."""
    rng = np.random.default_rng(options.seed)
    every = np.arange(len(data), dtype=np.int64)
    if not options.baselines:
        return draw_pictures(data, options.reals, seed=options.seed, mirror=False), every[:0]
    if data.persons is None:
        second = np.isin(every, rng.permutation(every)[::2])
    else:
        second = np.isin(data.persons, np.unique(data.persons)[::2])
    return tuple(rng.permutation(every[chosen])[: options.reals] for chosen in (~second, second))  # pyright: ignore


def _features(
    pictures: PictureSet,
    networks: dict[str, FeatureNetwork],
    options: MeasureOptions,
    progress: Progress,
    *,
    together: int,
) -> dict[str, Features]:
    found = features_of(pictures, list(networks.values()), together=together, cache=options.cache, progress=progress)
    return {key: found[network.name] for key, network in networks.items()}


def _row(
    pictures: PictureSet,
    reference: dict[str, Features],
    networks: dict[str, FeatureNetwork],
    options: MeasureOptions,
    progress: Progress,
    together: int,
    facts: dict[str, Any],
) -> Row:
    own = _features(pictures, networks, options, progress, together=together)
    figures: dict[str, Any] = {}
    for name in options.measures:
        a, b = own[NETWORKS[name]], reference[NETWORKS[name]]
        figures[name] = kernel_distance(a, b, seed=options.seed) if name.endswith("_kid") else frechet(a, b)
    return Row(pictures.name, facts, figures)
