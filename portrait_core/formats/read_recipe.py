# SPDX-License-Identifier: Apache-2.0
"""The recipe out of a file that was made from it: .glb, .gltf, .vrm, .obj, .ply, or the JSON of a recipe itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from portrait_core import __version__
from portrait_core.errors import UsageError
from portrait_core.formats.facts import COMMENT_KEY
from portrait_core.formats.gltf import GltfFile, read_gltf
from portrait_core.formats.gltf.scene import ARMATURE, SKIN_NAME
from portrait_core.formats.read_carefully import parse_json, read_bytes
from portrait_core.formats.recipe_digest import was_changed

ENDINGS = (".glb", ".gltf", ".vrm", ".json", ".portrait", ".obj", ".ply")
_COMMENTS = 1024 * 1024
"""How far into a text format its comments are looked for."""


@dataclass(frozen=True)
class RecipeFile:
    """What a file says of how it was made, as data that nobody has checked yet.

    ``recipe`` for :class:`portrait_core.recipe.Recipe`, ``provenance`` as the avatar had it (empty where it is not
    told), ``name`` the avatar's (empty where it is not told), ``warnings`` in plain sentences.
    """

    recipe: dict[str, Any]
    provenance: dict[str, Any]
    name: str
    warnings: tuple[str, ...]

    def model_digest(self) -> str:
        """SHA-256 of the model that made the file, or an empty text where it is not told."""
        model: object = self.provenance.get("model")
        digest: object = cast("dict[str, Any]", model).get("digest") if isinstance(model, dict) else None
        return digest if isinstance(digest, str) else ""


def read_recipe(path: Path) -> RecipeFile:
    """The recipe in ``path``. Of a .glb only what it says is used, not its mesh.

    Raises :class:`UsageError` when the file is missing, damaged or of another kind, and when there is no recipe in it.
    A recipe changed by hand since, or made by another version, is a warning.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise UsageError(f"{path}: recipes are read from {', '.join(ENDINGS)}; got the ending {ending!r}.")
    name, moving = "", False
    if ending in (".glb", ".gltf", ".vrm"):
        gltf = read_gltf(path)
        facts = next(_facts_in(gltf), None)
        scenes = gltf.entries("scenes")
        name = str(scenes[0].get("name", "")) if scenes else ""
        if name == ARMATURE:  # what a program wants a scene to be called; the skeleton is called after the avatar
            name = next((str(skin.get("name", "")).removesuffix(SKIN_NAME) for skin in gltf.entries("skins")), "")
        moving = bool(gltf.entries("animations"))
    elif ending in (".json", ".portrait"):
        facts = parse_json(read_bytes(path), path)
        if "recipe" not in facts:
            facts = {"recipe": facts}
    else:
        facts = _facts_in_comments(path)
    if facts is None:
        raise UsageError(
            f"{path}: there is no recipe in it. Was it made by Portraitkit, and exported with extras since?"
        )
    recipe: object = facts.get("recipe")
    if not isinstance(recipe, dict):
        raise UsageError(f"{path}: its recipe should be a JSON object, got {type(recipe).__name__}.")
    provenance: object = facts.get("provenance")
    checked = cast("dict[str, Any]", provenance) if isinstance(provenance, dict) else {}
    wanted = cast("dict[str, Any]", recipe)
    warnings = list(_warnings(path, facts, wanted, checked))
    if moving:
        warnings.append(f"{path}: its motion is not part of the recipe; give the motion's file again to have it.")
    return RecipeFile(wanted, checked, name, tuple(warnings))


def _facts_in(gltf: GltfFile) -> Iterator[dict[str, Any]]:
    """Every set of facts in a glTF file: the asset's own, or the copies that Blender keeps on objects."""
    asset: object = gltf.tree.get("asset")
    own: object = cast("dict[str, Any]", asset).get("extras") if isinstance(asset, dict) else None
    if isinstance(own, dict) and "recipe" in own:
        yield cast("dict[str, Any]", own)
    for key in ("nodes", "meshes", "scenes"):
        for entry in gltf.entries(key):
            extras: object = entry.get("extras")
            text: object = cast("dict[str, Any]", extras).get(COMMENT_KEY) if isinstance(extras, dict) else None
            if isinstance(text, str):
                yield parse_json(text.encode(), gltf.path)


def _facts_in_comments(path: Path) -> dict[str, Any] | None:
    for line in read_bytes(path)[:_COMMENTS].split(b"\n"):
        words = line.split(b" ", 2)
        if len(words) == 3 and words[0] in (b"#", b"comment") and words[1] == COMMENT_KEY.encode():
            return parse_json(words[2], path)
    return None


def _warnings(path: Path, facts: dict[str, Any], recipe: dict[str, Any], provenance: dict[str, Any]) -> Iterator[str]:
    if was_changed(recipe, facts.get("digests")):
        yield f"{path}: its recipe was changed after the file was made."
    version: object = provenance.get("version")
    if version is not None and version != __version__:
        yield f"{path}: made by Portraitkit {str(version)[:40]}; this is {__version__}, and the result may differ."
