# SPDX-License-Identifier: Apache-2.0
"""A finished avatar into files: several formats at once, the names of its bones, its motion."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from portrait_core.avatar import Avatar, Maps
from portrait_core.files.file_set import refuse_taken, whole_files, write_files
from portrait_core.formats.other_rest import as_named
from portrait_core.formats.write import VRM, VrmWish, main_files, picture_path, write_avatar
from portrait_core.imaging.png import encode_map
from portrait_core.maps import MAPS
from portrait_core.progress import Progress, silent
from portrait_core.recipe import Recipe
from portrait_core.rig import Motion
from portrait_core.rig.naming import rename


@dataclass(frozen=True)
class Exported:
    """``main`` holds the first file of each format, ``files`` every file, ``thumbnail`` the picture beside, if any."""

    main: tuple[Path, ...]
    files: tuple[Path, ...]
    thumbnail: Path | None


def planned_files(paths: Sequence[Path], levels: int, *, lod_files: bool, thumbnail: bool = True) -> list[Path]:
    """What :func:`export_avatar` will write to ``paths``, without images of formats that keep them beside."""
    files = [file for path in paths for file in main_files(path, levels, lod_files=lod_files)]
    return [*files, picture_path(paths[0])] if thumbnail else files


def export_avatar(
    avatar: Avatar,
    paths: Sequence[Path],
    recipe: Recipe,
    progress: Progress = silent,
    *,
    overwrite: bool = False,
    lod_files: bool = False,
    thumbnail: bool = True,
    blender: str | None = None,
    vrm: VrmWish | None = None,
) -> Exported:
    """Write ``avatar`` to each of ``paths``, whose endings say the formats; the first gets the thumbnail beside it.

    All files of one folder appear together or none does. The recipe names the bones. Raises as
    :func:`portrait_core.formats.write.write_avatar`.
    """
    folders = {path.parent for path in paths}
    if len(paths) > 1 and len(folders) == 1:
        (folder,) = folders
        refuse_taken(
            planned_files(paths, len(avatar.levels), lod_files=lod_files, thumbnail=thumbnail), overwrite=overwrite
        )
        with whole_files(folder, paths[0].name, overwrite=overwrite) as stage:
            staged = [stage / path.name for path in paths]
            # Formats share pictures: what the second writes over is the same.
            shared: dict[str, Any] = {"lod_files": lod_files, "thumbnail": thumbnail, "blender": blender, "vrm": vrm}
            done = _exported(avatar, staged, recipe, progress, overwrite=True, **shared)
        main, files = ([folder / path.relative_to(stage) for path in each] for each in (done.main, done.files))
        return Exported(tuple(main), tuple(dict.fromkeys(files)), done.thumbnail and folder / done.thumbnail.name)
    return _exported(
        avatar,
        paths,
        recipe,
        progress,
        overwrite=overwrite,
        lod_files=lod_files,
        thumbnail=thumbnail,
        blender=blender,
        vrm=vrm,
    )


def _exported(
    avatar: Avatar,
    paths: Sequence[Path],
    recipe: Recipe,
    progress: Progress,
    *,
    overwrite: bool = False,
    lod_files: bool,
    thumbnail: bool,
    blender: str | None,
    vrm: VrmWish | None,
) -> Exported:
    resting, scene = as_named(avatar, recipe.bone_naming)
    bones = rename(avatar.joint_names, recipe.bone_naming)
    main: list[Path] = []
    files: list[Path] = []
    for number, path in enumerate(paths):
        progress("write", number / len(paths))
        written = write_avatar(
            avatar if path.suffix.lower() == VRM else resting,  # a .vrm rests in a way of its own
            path,
            overwrite=overwrite,
            image=recipe.image_format,
            bones=bones,
            scene=scene,
            character=recipe.khr_character,
            lod_files=lod_files,
            thumbnail=thumbnail and number == 0,
            blender=blender,
            vrm=vrm,
        )
        main.append(written[0])
        files += written
    picture = picture_path(paths[0])
    return Exported(tuple(main), tuple(files), picture if thumbnail and picture in files else None)


def with_motion(avatar: Avatar, motion: Motion) -> Avatar:
    """``avatar`` with the part of ``motion`` that it has joints for: a bust has no legs to move."""
    turns = {joint: each for joint, each in motion.rotations.items() if joint in avatar.joint_names}
    return replace(avatar, motion=replace(motion, rotations=turns))


def export_maps(maps: Maps, folder: Path, stem: str, *, overwrite: bool = False) -> dict[str, Path]:
    """Write the maps there are as ``STEM_base_colour.png`` and so on; their paths by the keys of the table of maps.

    Raises :class:`OutputError`.
    """
    contents = {MAPS[name].file_name(stem): encode_map(image) for name, image in maps.items()}
    paths = write_files(folder, contents, overwrite=overwrite)
    return dict(zip((MAPS[name].key for name in maps), paths, strict=True))


def set_stems(stem: str, materials: Sequence[str]) -> list[str]:
    """The start of the names of each set of maps: ``STEM_MATERIAL``, as a file may be called; ``STEM`` for the one of a
    mesh without materials of its own."""
    if not materials:
        return [stem]
    plain = [re.sub(r"[^\w.-]+", "_", name).strip("._")[:60] or "material" for name in materials]
    stems: list[str] = []
    for name in plain:
        found, again = f"{stem}_{name}", 2
        while found.lower() in (each.lower() for each in stems):
            found, again = f"{stem}_{name}_{again}", again + 1
        stems.append(found)
    return stems
