# SPDX-License-Identifier: Apache-2.0
"""The portrait world rendered into the published data-set format, with the truth that photographs lack.

Work is cut into blocks of a few persons. Each block is one file of a hidden folder until all are there; so a run that
was stopped goes on where it was, and several processes may work on one data set. The result does not depend on either.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from portrait_core.files.whole_file import make_folder, whole_file
from portrait_core.files.zip_files import add_file, stored
from portrait_core.progress import Progress, silent
from portrait_core.world.assets import AssetFolders
from portrait_core.world.bust import PortraitWorld
from portrait_core.world.dataset_blocks import PICTURES, Blocks, Sample, draw_sample, render_sample
from portrait_core.world.dataset_files import CARD, FILES, IMAGES, LABELS, TRUTH, DatasetConfig, is_complete
from portrait_core.world.shots import POSE_SPREAD, Shot, draw_latent, draw_shot

__all__ = [
    "POSE_SPREAD", "Sample", "Shot", "draw_latent", "draw_sample", "draw_shot", "render_sample", "write_dataset",
]  # fmt: skip

_LOGGER = logging.getLogger("portraitkit")


def write_dataset(
    world: PortraitWorld | AssetFolders,
    out: Path,
    config: DatasetConfig,
    progress: Progress = silent,
    *,
    overwrite: bool = False,
    workers: int = 1,
) -> None:
    """Render the portraits of ``config`` into the folder ``out``.

    Files: ``images.zip`` (PNG, 8-bit sRGB, and ``dataset.json``: the labels), ``masks.zip`` (same names, one channel,
    255 is person), ``depths.zip`` (same names, 16 bit, tenths of a millimetre along the ray), ``truth.jsonl`` (a line
    per portrait: seed, latent, landmarks at rest in metres, pose, camera, background), ``data.json`` (how it was made).

    A folder that holds this very data set already is left as it is, unless ``overwrite``. Blocks that a stopped run of
    this very data set has left are taken over.

    Args:
        world: the world, or its data where only other processes work on it.
        out: the folder.
        config: what is rendered.
        progress: hears of "portraits" and "write".
        overwrite: whether files of another data set are replaced.
        workers: processes; 1 for this one alone, which needs a world.

    Raises:
        OutputError: one of the files exists and ``overwrite`` is false, or the folder cannot be written.
        Cancelled: from ``progress``. Only whole blocks are left behind then.
    """
    if not overwrite and is_complete(out, config):
        _LOGGER.info("%s holds this data set already", out)
        return
    digest = hashlib.sha256(json.dumps(config.card(), sort_keys=True).encode()).hexdigest()[:12]
    blocks = Blocks(out / f".blocks-{digest}", config)
    with ExitStack() as stack:
        # Left in the opposite order: the zips are closed, then files get their names, the card last.
        parts = {name: stack.enter_context(whole_file(out / name, overwrite=overwrite)) for name in reversed(FILES)}
        make_folder(blocks.folder)
        try:
            if isinstance(world, PortraitWorld):
                blocks.make(world, progress)
            else:
                blocks.make_by_workers(world, workers, progress)
        finally:
            with suppress(OSError):  # nothing whole was made
                blocks.folder.rmdir()
        progress("write", 0.0)
        truth = stack.enter_context(parts[TRUTH].open("w", encoding="utf-8", newline="\n"))
        archives = {name: stack.enter_context(stored(parts[name])) for name in PICTURES}
        table: dict[str, list[Any]] = {"labels": []}
        for block, (pictures, rows) in enumerate(blocks.read()):
            progress("write", block / len(blocks))
            for (room, name), content in pictures:
                add_file(archives[room], name, content)
            for row in rows:
                label = row.pop("label")
                table["labels"].append((row["file"], label))
                if config.views > 1:
                    table.setdefault("persons", []).append((row["file"], row["seed"]))
                if config.coarse:
                    table.setdefault("true_poses", []).append((row["file"], row["pose"]))
                truth.write(json.dumps(row) + "\n")
        add_file(archives[IMAGES], LABELS, json.dumps(table).encode())
        parts[CARD].write_text(json.dumps(config.card(), indent=2) + "\n", encoding="utf-8")
        # An old card must not vouch for new files while they take their names.
        (out / CARD).unlink(missing_ok=True)
    shutil.rmtree(blocks.folder, ignore_errors=True)
    progress("write", 1.0)
