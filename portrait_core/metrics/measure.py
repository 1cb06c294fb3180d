# SPDX-License-Identifier: Apache-2.0
"""What is asked for, measured: models and baselines against the pictures of a data set, one row of figures each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from portrait_core.errors import UsageError, suggestion
from portrait_core.metrics import persons, truth
from portrait_core.metrics.distances import inception_score, kernel_distance, precision_recall
from portrait_core.metrics.feature_network import FeatureNetwork
from portrait_core.metrics.features import Features, features_of
from portrait_core.metrics.generated import Conditioning, GeneratedPictures, PoseMode, Subject
from portrait_core.metrics.inception import Inception, class_probabilities, pooled_part
from portrait_core.metrics.lite0 import Lite0
from portrait_core.metrics.names import LEFT_OUT, MEASURES, OFFLINE, PUBLISHED, Measure, NetworkName
from portrait_core.metrics.network_files import NetworkPlaces
from portrait_core.metrics.pictures import (
    Batch,
    DataPictures,
    Fault,
    IntArray,
    PictureSet,
    data_digest,
    draw_pictures,
    gathered,
)
from portrait_core.metrics.pixels import Pixels
from portrait_core.metrics.vgg import Lpips, VggFeatures
from portrait_core.progress import Progress, silent
from portrait_core.training.adversarial.config import WarpKind
from portrait_core.training.adversarial.data import DataOptions, PortraitData
from portrait_core.training.adversarial.figures import FAKES, READ, Fakes, frechet, mask_figures
from portrait_core.training.adversarial.processes import ALONE, Processes

READ_TOGETHER = 64
"""Pictures of a data set that are looked at together."""
PERSONS = 16
"""Persons whose views are compared."""


@dataclass(frozen=True)
class MeasureOptions:
    """How is measured.

    Attributes:
        measures: names, or those of the published scripts.
        count: generated pictures. reals: pictures of the data set, at most; None for all.
        size: the data's pictures are brought to this side first; None for that of the models.
        poses, conditionings: see `portrait_core.metrics.generated.GeneratedPictures`; each conditioning is a row.
        warp: ``exact``, or ``lattice`` (quick, a few millimetres off).
        baselines: whether half of the data's persons are measured as well, against the other half: as they are, noisy
            and blurred. Models are then measured against that half too.
        together: pictures at a time; 0 for a number by size.
        seed: of everything that is drawn.
        cache: where features are kept; None for nowhere.
        places: where feature networks are.
    """

    measures: tuple[str, ...] = OFFLINE
    count: int = 192
    reals: int | None = None
    size: int | None = None
    poses: PoseMode = "generator"
    conditionings: tuple[Conditioning, ...] = ("identical", "separate")
    warp: WarpKind = "exact"
    baselines: bool = False
    together: int = 0
    seed: int = 0
    cache: Path | None = None
    places: NetworkPlaces = field(default_factory=NetworkPlaces)

    def __post_init__(self) -> None:
        """Raises UsageError for numbers that mean nothing."""
        for name, value, least in (
            ("count", self.count, 2), ("reals", self.reals, 2), ("size", self.size, 8), ("together", self.together, 0),
            ("seed", self.seed, 0),
        ):  # fmt: skip
            if value is not None and value < least:
                raise UsageError(f"metrics: {name} is {value}; it must be at least {least}.")


@dataclass(frozen=True)
class Row:
    """Figures of one set of pictures: a ``name``, what it is of, and numbers by the names of `Measure.figures`."""

    name: str
    facts: dict[str, Any]
    figures: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Measured:
    """Rows of figures, and ``facts`` about how they came about, as JSON has them."""

    rows: list[Row]
    facts: dict[str, Any]


def chosen_measures(names: Sequence[str]) -> list[Measure]:
    """The measures of these names, each once. Raises UsageError for a name that is none."""
    found: dict[str, Measure] = {}
    for name in names:
        if name in LEFT_OUT:
            raise UsageError(f"{name} is not offered: {LEFT_OUT[name]}.")
        own = PUBLISHED.get(name, name)
        if own not in MEASURES:
            raise UsageError(f"unknown measure {name!r}. {suggestion(name, [*MEASURES, *PUBLISHED], what='measures')}")
        found[own] = MEASURES[own]
    if not found:
        raise UsageError(f"no measure is named. {suggestion('', MEASURES, what='measures')}")
    return list(found.values())


def measure(
    models: Sequence[tuple[str, Path]],
    data: Path,
    masks: Path | None,
    options: MeasureOptions,
    device: torch.device,
    *,
    processes: Processes = ALONE,
    progress: Progress = silent,
) -> Measured:
    """A row for each baseline, then for each model and conditioning; in every process the same.

    Args:
        models: names for reports, and files.
        data, masks: as `portrait_core.training.adversarial.data_files.open_data_set` takes them.
        options: how.
        device: where networks run.
        processes: share in making pictures and features.
        progress: hears of what is looked at.

    Raises:
        UsageError: an unknown measure, a data set or a model that does not do, or a network that is not there.
        ModelFileError: a file that cannot be read.
    """
    work = _Measuring(models, data, masks, options, device, processes, progress)
    rows = work.rows()
    networks = {name: {"name": each.name, "digest": each.digest} for name, each in work.networks.items()}
    if work.lpips is not None:
        networks["lpips"] = {"name": work.lpips.name, "digest": work.lpips.digest}
    facts = {
        "data": str(data),
        "data_digest": data_digest(work.data),
        "data_pictures": len(work.data),
        "compared_with": len(work.reference),
        "size": work.data.size,
        "seed": options.seed,
        "warp": options.warp,
        "networks": networks,
    }
    return Measured(rows, facts)


class _Measuring:
    """Everything that the rows share."""

    def __init__(
        self,
        models: Sequence[tuple[str, Path]],
        data: Path,
        masks: Path | None,
        options: MeasureOptions,
        device: torch.device,
        processes: Processes,
        progress: Progress,
    ) -> None:
        self.options, self.device, self.processes, self.progress = options, device, processes, progress
        self.measures = chosen_measures(options.measures)
        if not models and not options.baselines:
            raise UsageError("nothing to measure: name a model or a run, or ask for baselines.")
        self.networks = self._networks()
        self.lpips = Lpips(options.places, device) if any(each.name == "ppl" for each in self.measures) else None
        self.subjects = [Subject(path, device, name=name, warp=options.warp) for name, path in models]
        sizes = {each.size: each for each in self.subjects}
        if len(sizes) > 1:
            told = ", ".join(f"{each.path} of {size}" for size, each in sizes.items())
            raise UsageError(f"models of different sizes are measured one after the other: {told} pixels.")
        size = options.size or next(iter(sizes), None)
        for each in self.subjects:
            if each.size != size:
                raise UsageError(
                    f"{each.path} makes pictures of {each.size} pixels; the data cannot be of {size} beside them."
                )
        self.data = PortraitData(data, masks, size=size, options=DataOptions(mirror=False))
        if len(self.data) < 2:
            raise UsageError(f"{data} has one picture; distances need two at least, and mean little below a hundred.")
        self.reference, self.rest = self._halves()
        self._references: dict[tuple[NetworkName, bool], Features] = {}
        self._seen: dict[tuple[str, NetworkName], Features] = {}
        self._whole: dict[str, Batch] = {}

    def rows(self) -> list[Row]:
        """All of them."""
        options, found = self.options, list[Row]()
        if options.baselines:
            faults: dict[Fault, str] = {"none": "data", "noise": "data, noisy", "blur": "data, blurred"}
            for fault, name in faults.items():
                pictures = DataPictures(self.data, self.rest, name=name, fault=fault)
                row = Row(name, {"pictures": len(pictures)})
                for each in self.measures:
                    if not each.models_only:
                        row.figures.update(self._compared(each, pictures, READ_TOGETHER))
                found.append(row)
        for subject in self.subjects:
            shared: dict[str, Any] = {}
            for conditioning in options.conditionings:
                facts = {"model": str(subject.path), "kimg": subject.kimg, "conditioning": conditioning}
                row = Row(
                    f"{subject.name}, {conditioning}", facts | {"poses": options.poses, "pictures": options.count}
                )
                for each in self.measures:
                    row.figures.update(self._of_model(each, subject, conditioning, shared))
                found.append(row)
                self._seen.clear()
                self._whole.clear()
        return found

    def _of_model(
        self, each: Measure, subject: Subject, conditioning: Conditioning, shared: dict[str, Any]
    ) -> dict[str, Any]:
        """Figures of a measure; ``shared`` keeps those that do not depend on the conditioning."""
        together = self.options.together or subject.together()
        if each.name == "fid_random":
            conditioning = "random"
        pictures = GeneratedPictures(
            subject,
            self.data,
            self.options.count,
            poses=self.options.poses,
            conditioning=conditioning,
            mirror=each.mirror,
            seed=self.options.seed,
        )
        if each.name in ("fid_random", "pose", "view_consistency", "identity_spread"):
            if each.name not in shared:
                shared[each.name] = self._once(each, pictures, together)
            return shared[each.name]
        if each.name == "ppl":
            assert self.lpips is not None  # made where it is asked for
            lengths = persons.path_lengths(
                pictures, self.lpips, together=together, processes=self.processes, progress=self.progress
            )
            return {"ppl": persons.mean_path_length(lengths, subject)}
        if each.name == "mask_iou":
            made = self._some(pictures, together)
            labels = self.data.labels_of(self.reference)[0].numpy()
            fakes = Fakes(made.images, made.masks, made.labels.numpy(), made.poses)
            return mask_figures(fakes, self.data.pictures_of(self.reference)[1], labels)
        if each.name == "depth":
            some = self.reference[:FAKES]
            depths = truth.true_depths(self.data, some)
            return truth.depth_figures(self._some(pictures, together), depths, self.data.labels_of(some)[0])
        return self._compared(each, pictures, together)

    def _once(self, each: Measure, pictures: GeneratedPictures, together: int) -> dict[str, Any]:
        if each.name == "fid_random":
            return self._compared(each, pictures, together)
        if each.name == "pose":
            numbers = np.arange(min(len(self.data), READ), dtype=np.int64)
            return truth.pose_errors(pictures.subject, self.data, numbers, self.progress)
        if each.name == "view_consistency":
            return persons.view_consistency(pictures, PERSONS, self.progress)
        return {"identity_spread": persons.identity_spread(pictures, self.progress)}

    def _some(self, pictures: GeneratedPictures, together: int) -> Batch:
        """The first pictures, whole; kept until the row is done, since masks and depths are looked at in turn."""
        if pictures.digest in self._whole:
            return self._whole[pictures.digest]
        count, found = min(len(pictures), FAKES), list[Batch]()
        for batch in pictures.batches(np.arange(count, dtype=np.int64), together):
            found.append(batch)
            self.progress(f"{pictures.name}, masks and depths", sum(len(one.images) for one in found) / count)
        self._whole[pictures.digest] = gathered(found)
        return self._whole[pictures.digest]

    def _compared(self, each: Measure, pictures: PictureSet, together: int) -> dict[str, Any]:
        """Figures of a measure that compares features of two sets of pictures."""
        assert each.network is not None  # those without are measured above
        own = self._features(pictures, each.network, together)
        if each.name == "is":
            mean, deviation = self._checked(each, lambda: inception_score(class_probabilities(own)))
            return {"is": mean, "is_deviation": deviation}
        theirs = self._reference(each.network, mirror=each.mirror)
        if each.name == "pr":
            precision, recall = self._checked(each, lambda: precision_recall(theirs, own))
            return {"precision": precision, "recall": recall}
        if each.network == "inception":
            own, theirs = pooled_part(own), pooled_part(theirs)
        if each.name in ("kid", "lite0_kid"):
            return {each.name: kernel_distance(own, theirs, seed=self.options.seed)}
        # The published FID divides covariances by the count, studies and trainings by one less.
        return {each.name: frechet(own, theirs, unbiased=each.network != "inception")}

    def _checked(self, each: Measure, compute: Any) -> tuple[float, float]:
        try:
            return compute()
        except ValueError as error:
            raise UsageError(f"{each.name}: {error}. Take more pictures.") from None

    def _features(self, pictures: PictureSet, network: NetworkName, together: int) -> Features:
        """Of all networks that look at these pictures, so that they are made once; kept until the row is done."""
        if (pictures.digest, network) in self._seen:
            return self._seen[pictures.digest, network]
        mirror = bool(getattr(pictures, "mirror", False))
        wanted = {each.network for each in self.measures if each.mirror == mirror and each.network in self.networks}
        wanted.add(network)
        seen: dict[NetworkName, FeatureNetwork] = {name: each for name, each in self.networks.items() if name in wanted}
        found = features_of(
            pictures,
            list(seen.values()),
            together=together,
            cache=self.options.cache,
            processes=self.processes,
            progress=self.progress,
        )
        for name, each in seen.items():
            self._seen[pictures.digest, name] = found[each.name]
        return self._seen[pictures.digest, network]

    def _reference(self, network: NetworkName, *, mirror: bool) -> Features:
        key = (network, mirror)
        if key not in self._references:
            numbers = self.reference
            if mirror:
                numbers = np.concatenate([numbers, numbers + len(self.data)])
            pictures = DataPictures(self.data, numbers)
            self._references[key] = self._features(pictures, network, READ_TOGETHER)
        return self._references[key]

    def _networks(self) -> Mapping[NetworkName, FeatureNetwork]:
        wanted = dict.fromkeys(each.network for each in self.measures)
        places, device = self.options.places, self.device
        makers: dict[NetworkName, Any] = {
            "inception": lambda: Inception(places, device),
            "vgg": lambda: VggFeatures(places, device),
            "lite0": lambda: Lite0(device),
            "pixels": Pixels,
        }
        return {name: make() for name, make in makers.items() if name in wanted}

    def _halves(self) -> tuple[IntArray, IntArray]:
        """Pictures that are measured against, and with baselines others, of other persons, that are measured."""
        options, data = self.options, self.data
        if not options.baselines:
            return draw_pictures(data, options.reals, seed=options.seed, mirror=False), np.zeros(0, np.int64)
        rng = np.random.default_rng(options.seed)
        every = np.arange(len(data), dtype=np.int64)
        if data.persons is None:
            second = np.isin(every, rng.permutation(every)[::2])
        else:
            second = np.isin(data.persons, np.unique(data.persons)[::2])
        if second.all():
            raise UsageError(f"{data.path} has one person; baselines compare half of the persons with the rest.")
        first, other = (rng.permutation(every[part])[: options.reals] for part in (~second, second))
        return first, other
