# SPDX-License-Identifier: Apache-2.0
"""Builds the parts template of a starter and writes it into the starter's file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from portrait_core.errors import ModelFileError
from portrait_core.models.starter.generator import CanonicalGenerator
from portrait_core.models.starter.model import CanonicalAvatarModel
from portrait_core.models.starter.parts_template import VERSION, template_of, tensors_of
from portrait_core.parts.template import PartsTemplate
from portrait_core.progress import Progress, silent
from portrait_core.runtime.torch_threads import one_torch_thread
from portrait_core.training.parts_template.cards import card_images, cards
from portrait_core.training.parts_template.controls import whole_basis
from portrait_core.training.parts_template.crop import crop
from portrait_core.training.parts_template.mouth import inside_of_mouth, with_levels
from portrait_core.training.parts_template.pictures import eye_picture, mouth_picture
from portrait_core.training.parts_template.places import skin_places
from portrait_core.training.parts_template.rest import rest_pose
from portrait_core.training.parts_template.shapes import read_shapes, shape_targets
from portrait_core.training.parts_template.skin import build_skin
from portrait_core.training.parts_template.traits import traits
from portrait_core.training.parts_template.wardrobe import Wardrobe
from portrait_core.training.parts_template.whole_mesh import load_whole_mesh
from portrait_core.training.parts_template.worn import Mannequin
from portrait_core.weights.checkpoint import PARTS_PREFIX, LoadedWeights, load_weights, save_model
from portrait_core.world.assets import AssetFolders, find_assets
from portrait_core.world.identity import LANDMARKS
from portrait_core.world.latent import CODE_SCALARS, STYLES

COLOURS = ("skin", "lips", "hair", "clothing", "stripes", "iris")
SOURCE = "MakeHuman base mesh hm08 and base assets, MPFB targets and rig, extra-targets (face units, visemes); CC0 1.0"


@dataclass(frozen=True)
class PartsReport:
    """``path`` of the file, its ``bytes``, and the bytes of the template's tensors by room."""

    path: Path
    bytes: int
    rooms: dict[str, int]
    residual: float


def build_parts(
    network: CanonicalGenerator, assets: AssetFolders, progress: Progress = silent
) -> tuple[PartsTemplate, float]:
    """The parts template of a starter's network, and how far its controls miss the network's own shapes, metres."""
    progress("base mesh", 0.0)
    mesh = load_whole_mesh(assets)
    shapes = read_shapes(assets, len(mesh.rest))
    progress("controls", 0.1)
    basis = whole_basis(network.identity_warp, mesh, assets)
    cropped, mouth, proxies = crop(mesh), inside_of_mouth(mesh, assets), cards(mesh, assets)
    wardrobe = Wardrobe(assets, Mannequin(mesh, basis.mean))
    used = [cropped.vertices, *(p.used for p in (*mouth.values(), *proxies.values())), wardrobe.used]
    controls = basis.controls(np.unique(np.concatenate(used)), mesh)
    progress("skin", 0.3)
    skin, eyes = build_skin(mesh, basis.mean, cropped, controls, assets, progress)
    progress("hair and garments", 0.8)
    hair, garments = wardrobe.hair(controls), wardrobe.garments(controls)
    progress("mouth and cards", 0.9)
    brows = {n.partition(".")[2]: p.fitted(controls) for n, p in proxies.items() if n.startswith("brows.")}
    template = PartsTemplate(
        controls=controls,
        rest=rest_pose(),
        skin=skin,
        skin_places=skin_places(skin, mesh, cropped),
        eyes=eyes,
        mouth={name: with_levels(part, controls, mesh) for name, part in mouth.items()},
        lashes={n.partition(".")[2]: p.fitted(controls) for n, p in proxies.items() if n.startswith("lashes.")},
        brows=brows,
        hair=hair,
        garments=garments,
        traits=traits(network.identity_warp, assets),
        images={
            **card_images(proxies, assets),
            "eye": eye_picture(assets),
            "mouth": mouth_picture(mesh, mouth, assets),
        },
        face=shape_targets(shapes, mesh, controls, skin, eyes, brows.values()),
    )
    return template, basis.residual


def renew_parts(
    path: Path,
    out: Path,
    assets: Path | None = None,
    *,
    face_only: bool = False,
    overwrite: bool = True,
    progress: Progress = silent,
) -> PartsReport:
    """Make the parts template of the starter in ``path`` and write the whole model to ``out``, or nothing.

    With ``face_only`` the template that is there gets the face's shapes anew, and all its other tensors stay as they
    are. The same file and data give the same bytes. Raises :class:`ModelFileError` for a file that is no starter, and
    for one without parts if they are to stay; :class:`UsageError` where the CC0 data is not found.
    """
    loaded = load_weights(path)
    model = CanonicalAvatarModel(loaded, torch.device("cpu"))
    with one_torch_thread():
        if face_only:
            template, residual = with_face(loaded, find_assets(assets)), 0.0
        else:
            template, residual = build_parts(model.network, find_assets(assets), progress)
    own = tensors_of(template)
    tensors = {name: t for name, t in loaded.tensors.items() if not name.startswith(PARTS_PREFIX)} | own
    header = loaded.header.model_copy(update={"parts": _facts(template), "digest": ""})
    progress("writing", 0.95)
    save_model(out, tensors, header, overwrite=overwrite)
    return PartsReport(out, out.stat().st_size, _bytes(own), residual)


def with_face(loaded: LoadedWeights, assets: AssetFolders) -> PartsTemplate:
    """The template of a weights file with shapes of the face made anew; raises :class:`ModelFileError` where there is
    none."""
    template = template_of(loaded)
    if template is None:
        raise ModelFileError(f"{loaded.path}: it has no parts; make them all first, not the face alone.")
    mesh = load_whole_mesh(assets)
    shapes = read_shapes(assets, len(mesh.rest))
    return replace(
        template,
        face=shape_targets(shapes, mesh, template.controls, template.skin, template.eyes, template.brows.values()),
    )


def _facts(template: PartsTemplate) -> dict[str, object]:
    """What the header says of the template: where it comes from, what the numbers of a person's code are, and which
    hair and garments there are."""
    return {
        "version": VERSION,
        "source": SOURCE,
        "licence": "CC0-1.0",
        "colours": list(COLOURS),
        "scalars": list(CODE_SCALARS),
        "styles": list(STYLES),
        "landmarks": list(LANDMARKS),
        "hair": sorted(template.hair),
        "garments": sorted(template.garments),
        "shapes": [] if template.face is None else list(template.face.targets),
    }


def _bytes(tensors: dict[str, torch.Tensor]) -> dict[str, int]:
    """Bytes by room, and by style within the rooms that have styles."""
    result: dict[str, int] = {}
    for name, tensor in tensors.items():
        room = name.removeprefix(PARTS_PREFIX).split(".")
        key = ".".join(room[:2]) if room[0] in ("mouth", "lashes", "brows", "hair", "garments", "images") else room[0]
        result[key] = result.get(key, 0) + tensor.numel() * tensor.element_size()
    return result
