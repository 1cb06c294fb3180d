# SPDX-License-Identifier: Apache-2.0
"""Which program wrote a pickle that is none of ours, by the names in it; nothing is built or run."""

from __future__ import annotations

import mmap
import pickletools
from collections.abc import Callable
from pathlib import Path
from typing import IO, cast

from portrait_core.safe_pickle.machine import DAMAGE

_MOST_NAMES, _LONGEST = 20_000, 200
_PICKLES = 8
"""Pickles behind each other that are looked into: torch's older format begins with several."""

_LATENTS = {"w", "ws", "w_plus", "z", "latent", "latents", "w_avg"}
_POSES = {"poses", "body_pose", "global_orient", "pose_body", "smpl_params", "pose"}

_ROWS: tuple[tuple[str, Callable[[set[str]], bool]], ...] = (
    ("", lambda names: "training.smpl_triplane" in names),  # published: what is wrong with it is told by its reader
    ("a checkpoint of StyleGAN's TensorFlow scripts", lambda names: any("dnnlib.tflib" in each for each in names)),
    ("a Next3D checkpoint", lambda names: any(each.startswith("training_avatar_texture") for each in names)),
    ("a PanoHead checkpoint", lambda names: "training.triplane" in names and "triplane_depth" in names),
    (
        "an EG3D checkpoint",
        lambda names: "training.triplane" in names or {"TriPlaneGenerator", "rendering_kwargs"} <= names,
    ),
    (
        "a StyleGAN3 checkpoint",
        lambda names: "class_name" in names and bool(names & {"SynthesisInput", "magnitude_ema"}),
    ),
    (
        "a StyleGAN2 checkpoint (plain or ADA)",
        lambda names: "class_name" in names and "SynthesisNetwork" in names and "rendering_kwargs" not in names,
    ),
    (
        "an SMPL body model, no generator; published checkpoints bring theirs",
        lambda names: "kintree_table" in names or {"v_template", "posedirs"} <= names,
    ),
    (
        "a state dict or training checkpoint: tensors without the networks' settings, which the publisher's .pkl has",
        lambda names: "_rebuild_tensor_v2" in names and "class_name" not in names,
    ),
    ("a pose or motion, no model", lambda names: bool(names & _POSES) and "class_name" not in names),
    (
        "a file of latents: they say who, and are no model",
        lambda names: bool(names & _LATENTS) and "class_name" not in names,
    ),
)
"""What is said, and by what names it is known; the first row that fits counts."""


def pickle_kind(path: Path) -> str | None:
    """Whose pickle ``path`` is, as what follows "this is"; None for a published one and for what nobody knows.

    Raises ``OSError`` where it cannot be read.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        names = names_in(cast(IO[bytes], mapped))
    return next((said for said, fits in _ROWS if fits(names)), None) or None


def names_in(stream: IO[bytes]) -> set[str]:
    """The short texts, modules and names in a pickle, as far as it can be read."""
    names: set[str] = set()
    try:
        for _ in range(_PICKLES):
            for opcode, argument, _ in pickletools.genops(stream):
                if not isinstance(argument, str) or len(argument) > _LONGEST:
                    continue
                names.update(argument.split(" ") if opcode.name == "GLOBAL" else [argument])
                if len(names) > _MOST_NAMES:
                    return names
    except DAMAGE:
        pass
    return names
