# SPDX-License-Identifier: Apache-2.0
"""``portrait generate``: seeds in, avatars out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from cli import face_options, options, parse, pose_options, vrm_options
from cli.describe import taken
from cli.likeness import LikenessOrder, wish_of
from cli.loading import load
from cli.outputs import prepare_folder, refuse_existing, take_target
from cli.photographs import pose_like
from cli.show import Show
from portrait_core.errors import UsageError

if TYPE_CHECKING:
    from portrait_core.body.recordings import FileHints
    from portrait_core.rig.motion_files import MotionFile


AFTER = {
    "latent_space": ("recipe", "describe", "photo", "photo_texture", "photo_move", "photo_rendered", "attributes"),
    "pose": ("like", "frame", "motion", "motion_rate", "frame_rate", "motion_root", "person", "up_axis", "units"),
    "expression": ("face_motion", "lipsync", "lipsync_strength", "idle"),
    "lod_maps": ("lod_files",),
    "name": ("model",),
}


def make(
    wanted: options.Wanted,
    recipe: options.RecipeSource = None,
    describe: options.Describe = None,
    photo: options.Photo = None,
    photo_texture: options.PhotoTexture = "photo",
    photo_move: options.PhotoMove = True,
    photo_rendered: options.PhotoRendered = False,
    like: options.Like = None,
    motion: options.Motion = None,
    motion_rate: options.MotionRate = None,
    frame_rate: options.FrameRate = None,
    motion_root: options.MotionRoot = True,
    face_motion: face_options.FaceMotionFile = None,
    lipsync: face_options.Lipsync = None,
    lipsync_strength: face_options.Strength = 1.0,
    idle: face_options.Idle = None,
    lod_files: options.LodFiles = False,
    client: options.Client = None,
    formats: options.Formats = "glb",
    out: options.OutFolder = Path("avatars"),
    name: options.NamePattern = options.DEFAULT_NAME,
    overwrite: options.Overwrite = False,
    vrm_author: vrm_options.Authors = None,
    vrm_meta: vrm_options.MetaFile = None,
    vrm_look: vrm_options.Look = "bone",
    mtoon: vrm_options.Toon = False,
    blender: options.Blender = None,
    device: options.Device = "auto",
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Make avatars: rigged, textured files with a thumbnail beside them, one for every seed."""
    show = Show(as_json=as_json, quiet=quiet)
    wanted = wanted.beside(motion_rate=motion_rate)
    likeness = None
    if photo:
        wish = wish_of(photo_texture, wanted, move=photo_move, rendered=photo_rendered)
        likeness = LikenessOrder(tuple(photo), str(wanted.values.get(pose_options.PERSON) or ""), wish, recipe)
        wanted, name = likeness.wanted(wanted), likeness.named(name, wanted)
    if like is not None:
        if "pose" in wanted.given:
            raise UsageError("--like and --pose both say how the head is turned; give one of them.")
        person = str(wanted.values.get(pose_options.PERSON) or "")
        wanted = wanted.beside(pose=pose_like(like, person, show.note)).saying("pose")
    client = options.client_for(client, formats)
    order = options.take_order(
        wanted, name=name, recipe_file=recipe, warn=show.note, client=client, description=taken(describe)
    )
    if likeness is not None:
        from cli.inverted import order_for

        likeness = order_for(likeness, wanted, order)
    from portrait_core.formats.blender import BLENDER_ENDINGS, find_blender
    from portrait_core.formats.write import ENDINGS
    from portrait_core.pipeline.export import export_avatar, planned_files, with_motion
    from portrait_core.rig.skeleton import has_joint, left_out_line

    target = take_target(out, ENDINGS, name_given="name" in wanted.given)
    order, out = target.named(order), target.folder
    if target.ending is not None and "formats" not in wanted.given:
        formats = target.ending
    endings = parse.parse_formats(options.formats_for(client, formats, wanted), ENDINGS)
    if target.ending is not None and target.ending not in endings:
        raise UsageError(f"--out says {target.ending}, and --format {formats}; leave one of them away.")
    if any(ending in BLENDER_ENDINGS for ending in endings):
        find_blender(blender)
    vrm = vrm_options.take_vrm(endings, vrm_author, vrm_meta, vrm_look, toon=mtoon, note=show.note)
    if ".vrm" in endings and (motion or face_motion or lipsync or any(each.pose for each in order.recipes)):
        show.note("a .vrm rests with its arms out: pose and motions are not in it.")
    read = _read_motion(motion, frame_rate, pose_options.hints_of(wanted.values), root=motion_root)
    # With a motion of the body beside it, the rate is that one's.
    own_rate = motion_rate if motion is None else None
    face = face_options.take_face(face_motion, lipsync, lipsync_strength, idle, show.note, own_rate, frame_rate)
    animation = None
    if read is not None:
        animation = read.motion
        show.note(f"{motion}: {read.line}.")
        lacking = [joint for joint in animation.rotations if not has_joint(order.recipes[0].skeleton, joint)]
        if lacking:
            show.note(left_out_line(motion, lacking, order.recipes[0].skeleton))
    levels = 1 + len(order.recipes[0].lods)
    paths = {stem: [out / f"{stem}{ending}" for ending in endings] for stem in order.names}
    planned = (file for group in paths.values() for file in planned_files(group, levels, lod_files=lod_files))
    refuse_existing(planned, overwrite=overwrite)
    seen = None if likeness is None else likeness.seen(show)
    prepare_folder(out)

    with show.progress("loading", total=len(order.names)) as watcher:
        from portrait_core.pipeline import make_avatar

        loaded = load(order.model, device, watcher)
        if likeness is not None and seen is not None:
            before = order.model
            order = likeness.taken(order, wanted, loaded, seen, show, watcher)
            loaded = loaded if order.model == before else load(order.model, device, watcher)
        for each, stem in zip(order.recipes, order.names, strict=True):
            begin = time.perf_counter()
            watcher.begin(stem)
            avatar = make_avatar(each, loaded, watcher, name=stem)
            if animation is not None:
                avatar = with_motion(avatar, animation)
                if avatar.motion is not None and not avatar.motion.rotations:
                    show.note(f"{motion}: turns no joint of the {each.skeleton} skeleton.")
            avatar = face_options.with_face(avatar, face, each, show.note)
            done = export_avatar(
                avatar,
                paths[stem],
                each,
                watcher,
                overwrite=overwrite,
                lod_files=lod_files,
                blender=blender,
                vrm=vrm,
            )
            main = done.main
            stages = watcher.finish()
            seconds = time.perf_counter() - begin
            show.result(
                f"{', '.join(map(str, main))}  {len(avatar.main.faces)} faces  {seconds:.1f} s",
                {
                    "event": "avatar",
                    "path": str(main[0]),
                    "files": [str(path) for path in done.files],
                    "name": avatar.name,
                    "model": order.header.name,
                    "recipe": each.facts(),
                    "faces": len(avatar.main.faces),
                    "levels": [len(level.faces) for level in avatar.levels],
                    "vertices": len(avatar.main.vertices),
                    "bytes": main[0].stat().st_size,
                    "report": dict(avatar.report),
                    "seconds": round(seconds, 3),
                    "stages": stages,
                },
            )


generate = options.takes_recipe("generate", after=AFTER)(make)


def _read_motion(path: Path | None, frame_rate: float | None, hints: FileHints, *, root: bool) -> MotionFile | None:
    # written so that NaN fails as well
    if frame_rate is not None and not 0 < frame_rate <= 1000:
        raise UsageError(f"--frame-rate {frame_rate:g} is out of range; it goes up to 1000 a second.")
    if path is None:
        return None
    from portrait_core.rig.motion_files import open_motion

    return open_motion(path, frame_rate=frame_rate, root=root, hints=hints)
