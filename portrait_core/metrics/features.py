# SPDX-License-Identifier: Apache-2.0
"""Features of sets of pictures: computed in batches, by several processes if there are, and kept by digest."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import UsageError
from portrait_core.files.whole_file import make_folder, whole_file
from portrait_core.metrics.feature_network import FeatureNetwork
from portrait_core.metrics.pictures import PictureSet
from portrait_core.progress import Progress, silent
from portrait_core.training.adversarial.processes import ALONE, Processes

Features = NDArray[np.float32]


def features_of(
    pictures: PictureSet,
    networks: Sequence[FeatureNetwork],
    *,
    together: int = 16,
    cache: Path | None = None,
    processes: Processes = ALONE,
    progress: Progress = silent,
) -> dict[str, Features]:
    """Rows (N, D) of features by the networks' names; each picture is made once for all networks.

    Args:
        pictures: what is looked at.
        networks: what looks.
        together: pictures at a time.
        cache: a folder in which features are kept, and looked for first; None for neither.
        processes: each makes its share of the pictures; all get all rows.
        progress: hears of the pictures' name.

    Raises:
        UsageError: features that are not finite.
    """
    found: dict[str, Features] = {}
    for network in networks:
        kept = _kept(cache, pictures, network)
        # A process that lacks what others find kept would wait for them for ever.
        if not processes.agree(kept is None) and kept is not None:
            found[network.name] = kept
    missing = [each for each in networks if each.name not in found]
    if missing:
        rows: dict[str, list[Features]] = {each.name: [] for each in missing}
        numbers, done = np.arange(processes.rank, len(pictures), processes.count, dtype=np.int64), 0
        progress(pictures.name, 0.0)
        for batch in pictures.batches(numbers, together):
            for network in missing:
                rows[network.name].append(network.features(batch.images, batch.masks).numpy())
            done += len(batch.images)
            progress(pictures.name, done / len(numbers))
        for network in missing:
            whole = gathered_rows(rows[network.name], len(pictures), processes)
            bad = int((~np.isfinite(whole).all(axis=1)).sum())
            if bad:
                raise UsageError(
                    f"{pictures.name}: {network.name} gives features that are not finite for {bad} of {len(whole)} "
                    "pictures; the model or the network's weights are broken."
                )
            found[network.name] = whole
            if processes.first:
                _keep(cache, pictures, network, whole)
    return found


def gathered_rows(own: Sequence[Features], count: int, processes: Processes) -> Features:
    """Rows of all processes in the order of the pictures: process r has those of r, r + processes, and so on."""
    # Less than one picture a process leaves some without rows; the others tell how wide they are.
    mine = np.concatenate(own) if own else np.zeros((0, 0), np.float32)
    if processes.count == 1:
        return mine
    everyone = processes.all_objects(mine)
    whole = np.zeros((count, *everyone[0].shape[1:]), np.float32)
    for rank, rows in enumerate(everyone):
        if len(rows):
            whole[rank :: processes.count] = rows
    return whole


def _file(cache: Path, pictures: PictureSet, network: FeatureNetwork) -> Path:
    name = hashlib.sha256(f"{pictures.digest}:{network.digest}".encode()).hexdigest()[:32]
    return cache / f"{name}.npy"


def _kept(cache: Path | None, pictures: PictureSet, network: FeatureNetwork) -> Features | None:
    if cache is None:
        return None
    try:
        rows = np.load(_file(cache, pictures, network), allow_pickle=False)
    except (OSError, ValueError, EOFError):  # not there, or damaged: it is made again
        return None
    return rows if rows.ndim == 2 and rows.dtype == np.float32 and len(rows) == len(pictures) else None


def _keep(cache: Path | None, pictures: PictureSet, network: FeatureNetwork, rows: Features) -> None:
    if cache is None:
        return
    make_folder(cache)
    with whole_file(_file(cache, pictures, network), overwrite=True) as temporary, temporary.open("wb") as file:
        np.save(file, rows, allow_pickle=False)
