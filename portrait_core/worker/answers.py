# SPDX-License-Identifier: Apache-2.0
"""What a worker says of itself: version, models, formats, limits. Programs build their panels from it."""

from __future__ import annotations

from typing import Any

import portrait_core
from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.engine.engine import Engine
from portrait_core.errors import PortraitError, UsageError
from portrait_core.face.clients import CLIENTS
from portrait_core.face.emotions import EMOTIONS, EXPRESSIONS
from portrait_core.face.names import GROUPS, SHAPES
from portrait_core.photo.networks.published import FETCHED, MEDIAPIPE, NETWORKS
from portrait_core.protocol import MAX_RECIPES, MAX_SEEDS, PROTOCOL, ProtocolError
from portrait_core.recipe import Recipe
from portrait_core.recipe_fields import FIELDS
from portrait_core.weights import registry
from portrait_core.worker.fields import Fields

FEATURES = (
    "generate", "preview", "bake", "vary", "blend", "randomise", "attributes", "pose", "motion", "face_motion", "batch",
    "reshape", "head_shots", "library", "vrm_meta", "describe", "photo",
)  # fmt: skip
PREVIEW_RANGE = (32, 1024)
_CHOICES = {
    "skeletons": "skeleton",
    "bone_namings": "bone_naming",
    "texture_sources": "texture",
    "lod_maps": "lod_maps",
}
"""Older clients know the choices of these fields by names of their own."""


def hello(fields: Fields) -> dict[str, Any]:
    """The handshake; an error ``version`` for a client that speaks another protocol."""
    wanted = fields.count("protocol", low=-(2**31), high=2**31)
    fields.done()
    if wanted != PROTOCOL:
        raise ProtocolError(
            f"the client speaks protocol {wanted}, this engine {PROTOCOL} (Portraitkit {portrait_core.__version__})",
            code="version",
        )
    return {"protocol": PROTOCOL, "version": portrait_core.__version__}


def models(engine: Engine) -> dict[str, Any]:
    """Every model there is, usable or not."""
    return {"models": [_model(each) for each in registry.list_models()], "folder": str(registry.user_folder())}


def capabilities(engine: Engine) -> dict[str, Any]:
    """All that a client needs to offer what this engine can do."""
    from portrait_core.formats.blender import BLENDER_ENDINGS, find_blender
    from portrait_core.formats.write import ENDINGS
    from portrait_core.rig.skeleton import BUST_JOINTS
    from portrait_core.runtime.devices import DEVICES, choose_device

    devices: list[str] = []
    for name in DEVICES[1:]:
        try:
            devices.append(str(choose_device(name)))
        except UsageError:
            continue
    formats = list(ENDINGS)
    try:
        find_blender(None)
    except PortraitError:
        formats = [ending for ending in ENDINGS if ending not in BLENDER_ENDINGS]
    known = models(engine)
    return {
        "version": portrait_core.__version__,
        "protocol": PROTOCOL,
        "devices": devices,
        "device": str(choose_device(engine.device)),
        "models": known["models"],
        "models_folder": known["folder"],
        "features": list(FEATURES),
        "formats": formats,
        "limits": {
            **{row.name: [row.low, row.high] for row in FIELDS.values() if None not in (row.low, row.high)},
            "preview_size": list(PREVIEW_RANGE),
            "recipes": MAX_RECIPES,
            "batch": MAX_SEEDS,
        },
        **{name: list(FIELDS[field].choices) for name, field in _CHOICES.items()},
        "shape_groups": {group: list(names) for group, names in GROUPS.items()},
        "expressions": EXPRESSIONS,
        "emotions": list(EMOTIONS),
        "clients": {
            name: {"title": row.title, "why": row.why, "formats": row.formats, "recipe": row.recipe()}
            for name, row in CLIENTS.items()
        },
        "recipe_fields": [row.facts() for row in FIELDS.values()],
        "photographs": {"ready": _reads_photographs(), "megabytes": FETCHED},
        "joints": [name for name in SMPL_JOINT_NAMES if name in BUST_JOINTS],
        "defaults": Recipe(seed=0).model_dump(mode="json", exclude_none=True),
    }


def _reads_photographs() -> bool:
    """Whether the networks that read photographs are set up; a damaged file is as none."""
    from portrait_core.photo.networks.store import available

    needed = {network.name for network in NETWORKS if network.package is MEDIAPIPE}
    try:
        return needed <= set(available())
    except PortraitError:
        return False


def _model(entry: registry.ModelEntry) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "name": entry.name,
        "path": str(entry.path),
        "source": entry.source,
        "bytes": entry.size,
        "available": True,
    }
    header = entry.header
    if header is None:
        return facts | {"available": entry.problem or "The file cannot be read."}
    return facts | {
        "licence": header.licence,
        "description": header.description,
        "digest": header.digest,
        "z_dim": header.latent.z_dim,
        "topologies": ["parts", "shell"] if header.parts else ["shell"],
        "shapes": list(SHAPES) if header.has_face else [],
        "hair_styles": header.parts.get("hair", []),
        "garments": header.parts.get("garments", []),
        "attributes": [
            {
                "name": each.name,
                "description": each.description,
                "low": each.low,
                "high": each.high,
                "default": 0.0,
            }
            for each in header.latent.attributes
        ],
    }
