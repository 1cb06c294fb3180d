# SPDX-License-Identifier: Apache-2.0
"""The one way to write an avatar: the ending of the path says in which format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from portrait_core.avatar import Avatar
from portrait_core.errors import UsageError
from portrait_core.files.file_set import refuse_taken, whole_files
from portrait_core.files.names import LOD_FIELD, level_stems, plain_stem
from portrait_core.formats.blender import BLENDER_ENDINGS, convert, find_blender
from portrait_core.formats.bones import rename_bones
from portrait_core.formats.encoded_maps import ImageKind
from portrait_core.formats.gltf import glb_bytes, gltf_files
from portrait_core.formats.ply import ply_files
from portrait_core.formats.stl import stl_files
from portrait_core.formats.vrm import VrmMeta, needed_meta, vrm_bytes
from portrait_core.formats.wavefront import obj_files
from portrait_core.imaging.png import encode_map


@dataclass(frozen=True)
class VrmWish:
    """What a .vrm holds beside the avatar, see :func:`portrait_core.formats.vrm.vrm_bytes`."""

    meta: VrmMeta
    look: Literal["bone", "expression"] = "bone"
    toon: bool = False


_LOOSE: dict[str, Callable[[Avatar, str], dict[str, bytes]]] = {
    ".obj": obj_files,
    ".ply": ply_files,
    ".stl": stl_files,
}
VRM = ".vrm"
ENDINGS = (".glb", ".gltf", *_LOOSE, VRM, *BLENDER_ENDINGS)
"""What :func:`write_avatar` writes."""

ONE_MESH = (".ply", ".stl")
"""Formats that hold one mesh only, so that levels of detail are always files of their own."""


def check_ending(path: Path) -> str:
    """The format of ``path`` as an ending in small letters; raises :class:`UsageError` with the list for any other."""
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise UsageError(f"{path.name!r}: avatars are written as {', '.join(ENDINGS)}; got the ending {ending!r}.")
    return ending


def main_files(path: Path, levels: int, *, lod_files: bool = False) -> list[Path]:
    """The files of ``path`` that :func:`write_avatar` will write, without images beside them, for so many levels."""
    by_pattern = LOD_FIELD in path.stem
    if not by_pattern and (levels == 1 or not (lod_files or check_ending(path) in ONE_MESH)):
        return [path]
    return [path.with_name(name + path.suffix) for name in level_stems(path.stem, levels)]


def picture_path(path: Path) -> Path:
    """Where the thumbnail of an avatar at ``path`` goes."""
    return path.with_name(plain_stem(path.stem) + ".png")


def write_avatar(
    avatar: Avatar,
    path: Path,
    *,
    overwrite: bool = False,
    image: ImageKind = "png",
    bones: Sequence[str] | None = None,
    scene: str | None = None,
    character: bool = False,
    lod_files: bool = False,
    thumbnail: bool = True,
    blender: str | None = None,
    vrm: VrmWish | None = None,
) -> tuple[Path, ...]:
    """Write ``avatar`` in the format of the ending of ``path`` and return every file that was written, main file first.

    ``image`` is the kind of the colours inside .glb and .gltf. ``bones`` gives the joints' names in the file, in the
    order of the avatar's; None keeps them. ``scene`` is what a .glb and a .gltf call their scene, the avatar's name if
    it is None. ``character`` adds the draft KHR_character to both. ``lod_files`` writes each level of detail into a
    file of its own, ``NAME_LOD0`` and so on, or where ``{lod}`` stands in the path's stem. The avatar's thumbnail goes
    beside as ``NAME.png`` unless ``thumbnail`` is false.
    ``vrm`` says what a .vrm wants to know; None takes who is remembered as its author.
    ``blender`` names the program for .blend, .fbx and .usdc, see :func:`portrait_core.formats.blender.find_blender`.

    Raises :class:`UsageError` for an ending that is not known, for a missing Blender, and for a .vrm without an author
    or of an avatar without the joints of a whole character; :class:`portrait_core.errors.OutputError` when a file
    exists and ``overwrite`` is false, or the folder is read-only or full. All files appear together or none does.
    """
    ending = check_ending(Path(path))
    path = Path(path).with_suffix(ending)
    program = find_blender(blender) if ending in BLENDER_ENDINGS else []
    targets = main_files(path, len(avatar.levels), lod_files=lod_files)
    picture = picture_path(path)
    shown = thumbnail and avatar.thumbnail is not None
    wish = (vrm or VrmWish(needed_meta())) if ending == VRM else None
    refuse_taken([*targets, picture] if shown else targets, overwrite=overwrite)
    humans = avatar.joint_names if character else None
    if bones is not None and wish is None:
        avatar = rename_bones(avatar, bones)
    with whole_files(path.parent, targets[0].name, overwrite=overwrite) as folder:
        for number, target in enumerate(targets):
            part = avatar if len(targets) == 1 else _single(avatar, number)
            if program:
                convert(glb_bytes(part, levels_shown=True, scene=scene), folder / target.name, program)
                continue
            if wish is not None:
                content = vrm_bytes(part, wish.meta, bones=bones, image=image, look=wish.look, toon=wish.toon)
                (folder / target.name).write_bytes(content)
                continue
            for name, content in _contents(part, target.stem, ending, image, scene, humans).items():
                (folder / name).write_bytes(content)
        if shown and avatar.thumbnail is not None:
            (folder / picture.name).write_bytes(encode_map(avatar.thumbnail))
        written = sorted(path.parent / each.relative_to(folder) for each in folder.rglob("*") if each.is_file())
    first = [each for each in targets if each in written]
    return (*first, *(each for each in written if each not in first))


def _single(avatar: Avatar, number: int) -> Avatar:
    names = level_stems(avatar.name, len(avatar.levels))
    return replace(avatar, name=names[number], levels=(avatar.levels[number],))


def _contents(
    avatar: Avatar, stem: str, ending: str, image: ImageKind, scene: str | None, humans: Sequence[str] | None
) -> dict[str, bytes]:
    if ending == ".glb":
        return {f"{stem}.glb": glb_bytes(avatar, image=image, scene=scene, humans=humans)}
    if ending == ".gltf":
        return gltf_files(avatar, stem, image=image, scene=scene, humans=humans)
    return _LOOSE[ending](avatar, stem)
