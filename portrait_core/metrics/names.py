# SPDX-License-Identifier: Apache-2.0
"""The measures by name: what each says, what it needs, and the published number of pictures. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

NetworkName = Literal["inception", "vgg", "lpips", "lite0", "pixels"]


@dataclass(frozen=True)
class Measure:
    """A measure.

    Attributes:
        name: as it is asked for. about: one line for tables and help.
        network: what turns its pictures into numbers; None for none.
        figures: the names of its numbers in reports, the first being the one that is drawn.
        better: which way is better.
        mirror: whether mirrored pictures are drawn as well, as published.
        models_only: whether it means nothing for a set of pictures without a model.
    """

    name: str
    about: str
    network: NetworkName | None
    figures: tuple[str, ...]
    better: Literal["lower", "higher"] = "lower"
    mirror: bool = False
    models_only: bool = False


_ALL = (
    Measure("fid", "Frechet distance of Inception's features", "inception", ("fid",), mirror=True),
    Measure(
        "fid_random",
        "the same; camera, pose and the mapping's condition are three draws",
        "inception",
        ("fid_random",),
        mirror=True,
        models_only=True,
    ),
    Measure("kid", "kernel distance of the same features", "inception", ("kid",)),
    Measure("pr", "precision and recall by VGG16's neighbours", "vgg", ("precision", "recall"), better="higher"),
    Measure("is", "Inception score", "inception", ("is", "is_deviation"), better="higher"),
    Measure("ppl", "perceptual path length in w, by LPIPS", "lpips", ("ppl",), models_only=True),
    Measure("lite0_kid", "kernel distance of EfficientNet-Lite0's features", "lite0", ("lite0_kid",)),
    Measure("lite0_fd", "Frechet distance of EfficientNet-Lite0's features", "lite0", ("lite0_fd",)),
    Measure("pixel_distance", "Frechet distance of 8x8 pictures and masks", "pixels", ("pixel_distance",)),
    Measure(
        "mask_iou",
        "overlap of mean masks by yaw",
        None,
        ("mask_iou", "mask_iou_by_yaw"),
        better="higher",
        models_only=True,
    ),
    Measure(
        "depth", "mean depths by yaw, against the data's depths", None, ("depth_mm", "depth_relief"), models_only=True
    ),
    Measure(
        "pose",
        "degrees between read and true poses, without what all share",
        None,
        ("pose_total_deg", "pose_neck_deg", "pose_head_deg", "pose_corr"),
        models_only=True,
    ),
    Measure(
        "view_consistency",
        "grey levels between a surface's colours from two sides",
        None,
        ("view_consistency", "view_share"),
        models_only=True,
    ),
    Measure(
        "identity_spread",
        "how far persons differ, as a share of the data's",
        None,
        ("identity_spread",),
        better="higher",
        models_only=True,
    ),
)

MEASURES: Mapping[str, Measure] = MappingProxyType({each.name: each for each in _ALL})
"""Every measure by name."""

PUBLISHED: Mapping[str, str] = MappingProxyType(
    {"fid50k_full": "fid", "kid50k_full": "kid", "pr50k3_full": "pr", "is50k": "is", "ppl2_wend": "ppl"}
)
"""The published scripts' names of the same measures."""

LEFT_OUT: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(
        ("eqt", "eqr", "eqt50k_int", "eqr50k"),
        "it is of a generator of flat pictures, whose input can be moved and turned; here it says nothing",
    )
)
"""Published measures that are not offered, and why."""

OFFLINE = ("lite0_kid", "lite0_fd", "pixel_distance", "mask_iou")
"""What is measured where nothing is asked for: no file has to be fetched."""

PUBLISHED_COUNT = 50_000
"""Generated pictures of the published measures."""
PUBLISHED_REALS = 200_000
"""Pictures of the data set that they take at most for precision and recall."""
