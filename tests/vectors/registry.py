# SPDX-License-Identifier: Apache-2.0
"""Which check belongs to which file of vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.vectors import body_checks as body
from tests.vectors import checkpoint_checks as checkpoint
from tests.vectors import generator_checks as generator
from tests.vectors import network_checks as networks
from tests.vectors import portrait_checks as portrait
from tests.vectors import rendering_checks as rendering
from tests.vectors import training_checks as training
from tests.vectors.files import Comparison, VectorFile

CHECKS: dict[str, Callable[[VectorFile], None]] = {
    "backbone": networks.check_backbone,
    "background": portrait.check_background,
    "bias_act": networks.check_bias_act,
    "cameras": rendering.check_cameras,
    "conv2d_layer": portrait.check_conv2d_layer,
    "decoder": portrait.check_decoder,
    "deformation": body.check_deformation,
    "discriminator": portrait.check_discriminator,
    "fc": networks.check_fc,
    "generator": generator.check_generator,
    "inversion": training.check_inversion,
    "losses": training.check_losses,
    "mapping": networks.check_mapping,
    "masks": rendering.check_masks,
    "mesh_distance": body.check_mesh_distance,
    "modconv": networks.check_modconv,
    "pose_branch": portrait.check_pose_branch,
    "ray_marcher": rendering.check_ray_marcher,
    "rays": rendering.check_rays,
    "renderer": rendering.check_renderer,
    "resample": networks.check_resample,
    "sampling": rendering.check_sampling,
    "shape_grid": training.check_shape_grid,
    "smpl": body.check_smpl,
    "superresolution": portrait.check_superresolution,
    "synthesis_block": networks.check_synthesis_block,
    "synthesis_layer": networks.check_synthesis_layer,
    "trigrid": portrait.check_trigrid,
}


@dataclass(frozen=True)
class FileReport:
    """All comparisons of one file, and the names in it that no check read."""

    name: str
    comparisons: list[Comparison]
    unread: list[str]
    problem: str | None = None

    @property
    def worst(self) -> Comparison | None:
        """The comparison that comes closest to its tolerance or exceeds it most."""
        return max(self.comparisons, key=_badness, default=None)

    @property
    def passed(self) -> bool:
        """Whether there was something to compare, all of it agrees and nothing was left out."""
        all_good = bool(self.comparisons) and all(c.passed for c in self.comparisons)
        return all_good and not self.unread and self.problem is None


def _badness(comparison: Comparison) -> float:
    if comparison.error != comparison.error:
        return float("inf")
    return comparison.error / comparison.tolerance if comparison.tolerance > 0 else comparison.error * 1e12


def check_file(path: Path) -> FileReport:
    """Run the check that belongs to a file; a file without a check, or one that raises, fails."""
    name = path.name.split(".")[0]
    if ".pkl" in path.suffixes:
        try:
            return FileReport(path.name, checkpoint.check_checkpoint(path), [])
        except Exception as error:
            return FileReport(path.name, [], [], f"{type(error).__name__}: {error}")
    if name not in CHECKS:
        return FileReport(path.name, [], [], f"no check is known for a file named {path.name}")
    data = VectorFile.load(path)
    try:
        CHECKS[name](data)
    except Exception as error:  # a wrong file must not hide the results of the others
        return FileReport(path.name, data.comparisons, [], f"{type(error).__name__}: {error}")
    return FileReport(path.name, data.comparisons, data.unread())
