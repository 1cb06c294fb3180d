# SPDX-License-Identifier: Apache-2.0
"""``portrait generate``: seeds in, avatars out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from cli import options, parse
from cli.outputs import prepare_folder, refuse_existing
from cli.show import Show
from portrait_core.errors import UsageError

if TYPE_CHECKING:
    from portrait_core.avatar import Avatar
    from portrait_core.rig import Motion


def generate(
    context: typer.Context,
    seed: options.Seeds = None,
    latent: options.LatentFile = None,
    recipe: options.RecipeSource = None,
    settings: options.Settings = None,
    psi: options.Psi = 1.0,
    pose: options.Pose = None,
    motion: options.Motion = None,
    frame_rate: options.FrameRate = None,
    up_axis: options.UpAxis = "auto",
    motion_root: options.MotionRoot = True,
    faces: options.Faces = 20_000,
    lods: options.Lods = None,
    lod_maps: options.LodMaps = "own",
    lod_files: options.LodFiles = False,
    open_cut: options.Open = False,
    texture_size: options.TextureSize = 1024,
    texture: options.TextureSource = "auto",
    normal_map: options.NormalMap = True,
    occlusion: options.Occlusion = False,
    lattice: options.LatticeSize = 256,
    skeleton: options.Skeleton = "bust",
    bone_naming: options.BoneNaming = "smpl",
    formats: options.Formats = "glb",
    out: options.OutFolder = Path("avatars"),
    name: options.NamePattern = options.DEFAULT_NAME,
    model: options.Model = "starter",
    overwrite: options.Overwrite = False,
    blender: options.Blender = None,
    device: options.Device = "auto",
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Make avatars: rigged, textured files with a thumbnail beside them, one for every seed."""
    show = Show(as_json=as_json, quiet=quiet)
    given = options.given_options(context)
    if "open_cut" in given:
        given.add("closed")
    order = options.take_order(
        model=model,
        seeds=seed,
        latent=latent,
        settings=settings,
        pose=pose,
        name=name,
        recipe_file=recipe,
        given=given,
        warn=show.note,
        psi=psi,
        faces=faces,
        lods=parse.parse_lods(lods),
        lod_maps=lod_maps,
        closed=not open_cut,
        texture_size=texture_size,
        texture=texture,
        normal_map=normal_map,
        occlusion=occlusion,
        lattice=lattice,
        skeleton=skeleton,
        bone_naming=bone_naming,
    )
    from portrait_core.formats.blender import BLENDER_ENDINGS, find_blender
    from portrait_core.formats.write import ENDINGS, main_files, write_avatar

    endings = parse.parse_formats(formats, ENDINGS)
    if any(ending in BLENDER_ENDINGS for ending in endings):
        find_blender(blender)
    animation = _read_motion(motion, frame_rate, up_axis, root=motion_root)
    levels = 1 + len(order.recipes[0].lods)
    planned = [out / f"{stem}{ending}" for stem in order.names for ending in endings]
    files = [file for path in planned for file in main_files(path, levels, lod_files=lod_files)]
    # The thumbnail lies beside.
    refuse_existing([*files, *(out / f"{stem}.png" for stem in order.names)], overwrite=overwrite)
    prepare_folder(out)

    with show.progress("loading", total=len(order.names)) as watcher:
        watcher.begin("loading")
        watcher("model", 0.0)
        from portrait_core.devices import choose_device
        from portrait_core.generator_model import load_avatar_model
        from portrait_core.pipeline import make_avatar

        loaded = load_avatar_model(str(order.model), str(choose_device(device)))
        for wanted, stem in zip(order.recipes, order.names, strict=True):
            begin = time.perf_counter()
            watcher.begin(stem)
            avatar = make_avatar(wanted, loaded, watcher, name=stem)
            if animation is not None:
                avatar = _animated(avatar, animation)
                if avatar.motion is not None and not avatar.motion.rotations:
                    show.note(f"{motion}: turns no joint of the {wanted.skeleton} skeleton.")
            written: list[Path] = []
            main: list[Path] = []
            for number, ending in enumerate(endings):
                watcher("write", number / len(endings))
                paths = write_avatar(
                    avatar,
                    out / f"{stem}{ending}",
                    overwrite=overwrite,
                    bones=_bones(avatar, wanted.bone_naming),
                    lod_files=lod_files,
                    thumbnail=number == 0,
                    blender=blender,
                )
                main.append(paths[0])
                written += paths
            stages = watcher.finish()
            seconds = time.perf_counter() - begin
            show.result(
                f"{', '.join(map(str, main))}  {len(avatar.main.faces)} faces  {seconds:.1f} s",
                {
                    "event": "avatar",
                    "path": str(main[0]),
                    "files": [str(path) for path in written],
                    "name": avatar.name,
                    "model": order.header.name,
                    "recipe": wanted.facts(),
                    "faces": len(avatar.main.faces),
                    "levels": [len(level.faces) for level in avatar.levels],
                    "vertices": len(avatar.main.vertices),
                    "bytes": main[0].stat().st_size,
                    "report": dict(avatar.report),
                    "seconds": round(seconds, 3),
                    "stages": stages,
                },
            )


def _read_motion(path: Path | None, frame_rate: float | None, up_axis: str, *, root: bool) -> Motion | None:
    axes: dict[str, Literal["auto", "y", "z"]] = {"auto": "auto", "y": "y", "z": "z"}
    if up_axis not in axes:
        raise UsageError(f"--up-axis {up_axis!r} is not known; it is auto, y or z.")
    # written so that NaN fails as well
    if frame_rate is not None and not 0 < frame_rate <= 1000:
        raise UsageError(f"--frame-rate {frame_rate:g} is out of range; it goes up to 1000 a second.")
    if path is None:
        return None
    from portrait_core.rig.motion_files import read_motion

    return read_motion(path, frame_rate=frame_rate, up_axis=axes[up_axis], root=root)


def _bones(avatar: Avatar, naming: str) -> Sequence[str]:
    """What the joints are called in the file."""
    if naming == "smpl":
        return avatar.joint_names
    from portrait_core.rig.naming import rename  # needed for other names only

    return rename(avatar.joint_names, naming)


def _animated(avatar: Avatar, motion: Motion) -> Avatar:
    """``avatar`` with the part of ``motion`` that it has joints for: a bust has no legs to move."""
    turns = {joint: each for joint, each in motion.rotations.items() if joint in avatar.joint_names}
    return replace(avatar, motion=replace(motion, rotations=turns))
