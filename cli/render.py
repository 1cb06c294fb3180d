# SPDX-License-Identifier: Apache-2.0
"""``portrait render``: pictures of avatars from any side."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import face_options, generator_options, options, pose_options
from cli.loading import load
from cli.outputs import prepare_folder, refuse_existing, take_target
from cli.show import Show
from cli.views import View, picture_files, take_views
from portrait_core.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from portrait_core.avatar import Avatar
    from portrait_core.portrait_model import PortraitModel
    from portrait_core.recipe import Recipe
    from portrait_core.weights.header import ModelHeader

    Shot = Callable[[View], dict[str, NDArray[Any]]]

SIZE_RANGE = (16, 4096)
SOURCES = ("auto", "mesh", "field")
FRAMINGS = ("bust", "portrait")


@options.takes_recipe(
    "render",
    after={
        "latent_space": ("recipe", "attributes"),
        "pose": (
            *pose_options.NAMES,
            "yaw",
            "pitch",
            "size",
            "turntable",
            "three",
            "like",
            "depth",
            "mask",
            "source",
            "framing",
        ),
        "expression": ("face_motion", "lipsync", "lipsync_strength", "idle", "at"),
        "name": ("model",),
    },
)
def render(
    wanted: options.Wanted,
    recipe: options.RecipeSource = None,
    yaw: Annotated[
        str, typer.Option("--yaw", metavar="DEGREES", help="Around: 0 front, 90 its left side; a list 0,45,90 works.")
    ] = "0",
    pitch: Annotated[
        str, typer.Option("--pitch", metavar="DEGREES", help="Above the horizon, -85 to 85; each with every yaw.")
    ] = "0",
    size: Annotated[int, typer.Option("--size", help="Edge of a picture in pixels, 16 to 4096.")] = 512,
    turntable: Annotated[
        int | None, typer.Option("--turntable", metavar="N", help="One sheet of N views once around, instead of --yaw.")
    ] = None,
    three: Annotated[
        bool, typer.Option("--three", help="One sheet of back, side and front, as the published stills.")
    ] = False,
    like: Annotated[
        Path | None,
        typer.Option(
            "--like",
            metavar="FILE",
            help="Cameras and poses of reference pictures: a dataset.json or result.json, or a photograph.",
        ),
    ] = None,
    depth: Annotated[
        bool, typer.Option("--depth", help="Also the depth: 16-bit PNG in tenths of a millimetre, 0 where nothing is.")
    ] = False,
    mask: Annotated[bool, typer.Option("--mask", help="Also the silhouette as a PNG.")] = False,
    source: Annotated[
        str,
        typer.Option(
            "--source",
            metavar="auto|mesh|field",
            help="The finished mesh, or the model's own pictures; auto takes these of official models.",
        ),
    ] = "auto",
    framing: Annotated[
        str | None,
        typer.Option(
            "--framing",
            metavar="bust|portrait",
            help="The whole bust, or the closer camera of the published data. [default: bust; portrait for a field]",
        ),
    ] = None,
    face_motion: face_options.FaceMotionFile = None,
    lipsync: face_options.Lipsync = None,
    lipsync_strength: face_options.Strength = 1.0,
    idle: face_options.Idle = None,
    at: Annotated[
        float, typer.Option("--at", metavar="SECONDS", help="Which moment of the face's motion the picture shows.")
    ] = 0.0,
    samples: generator_options.Samples = None,
    neural_resolution: generator_options.NeuralResolution = None,
    cutoff: generator_options.Cutoff = None,
    conditioning: generator_options.Conditioning = None,
    memory: generator_options.Memory = None,
    precision: generator_options.PrecisionOption = None,
    compiled: generator_options.Compiled = False,
    plain: generator_options.Plain = False,
    out: options.OutFolder = Path("renders"),
    name: options.NamePattern = options.DEFAULT_NAME,
    overwrite: options.Overwrite = False,
    device: options.Device = "auto",
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Render avatars to PNG: posed or not, any camera, a turntable sheet, depth and silhouette."""
    from portrait_core.models.load import capabilities_of

    show = Show(as_json=as_json, quiet=quiet)
    views, sheet = take_views(
        yaw, pitch, turntable=turntable, three=three, like=like, person=_person(wanted), say=show.note
    )
    facts = generator_options.given_facts(
        samples, neural_resolution, cutoff, conditioning, memory, plain, precision, compiled
    )
    if not SIZE_RANGE[0] <= size <= SIZE_RANGE[1]:
        raise UsageError(f"--size {size} is out of range; it goes from {SIZE_RANGE[0]} to {SIZE_RANGE[1]}.")
    if source not in SOURCES:
        raise UsageError(f"--source {source!r} is not known; it is auto, mesh or field.")
    if framing not in (None, *FRAMINGS):
        raise UsageError(f"--framing {framing!r} is not known; it is bust or portrait.")

    if not 0 <= at < math.inf:
        raise UsageError(f"--at {at:g}: expected seconds from 0 on.")
    face = face_options.take_face(face_motion, lipsync, lipsync_strength, idle, show.note)
    if face and (source == "field" or like is not None):
        raise UsageError("a face's motion is seen on the mesh alone; leave --source field and --like away.")

    def rig(header: ModelHeader) -> str:
        pictures = "pictures" in capabilities_of(header)
        return "neck and head" if pictures and source in ("auto", "field") else "bust"

    order = options.take_order(wanted, name=name, recipe_file=recipe, warn=show.note, rig=rig)
    kinds = ["image", *(["depth"] if depth else []), *(["mask"] if mask else [])]
    if source == "auto":
        # Whose pictures are what the model is for, and more than its field.
        own = "pictures" in capabilities_of(order.header) and not face
        source = "field" if own or like is not None else "mesh"
    if source == "mesh" and like is not None:
        raise UsageError("--like takes the model's own pictures; leave --source away, or give --source field.")
    if framing == "bust" and source == "field":
        raise UsageError("--framing bust needs the mesh; use --source mesh or --framing portrait.")
    target = take_target(out, (".png",), name_given="name" in wanted.given)
    order, out = target.named(order, "people's pictures"), target.folder
    target.one_of(len(views) if sheet is None else 1, "pictures")
    alone = target.stem is not None
    files = {stem: picture_files(out, stem, views, kinds, sheet, alone=alone) for stem in order.names}
    refuse_existing((path for group in files.values() for path in group.values()), overwrite=overwrite)
    prepare_folder(out)

    with show.progress("loading", total=len(order.names)) as watcher:
        from cli.pictures import save_pictures
        from portrait_core.pipeline import make_avatar

        loaded = load(order.model, device, watcher)
        generator_options.set_options(loaded, facts)
        for each, stem in zip(order.recipes, order.names, strict=True):
            begin = time.perf_counter()
            watcher.begin(stem)
            if source == "mesh":
                avatar = make_avatar(each, loaded, watcher)
                avatar = face_options.with_face(avatar, face, each, show.note)
                shot = _mesh_shot(avatar.at(at), size, framing)
            else:
                shot = _field_shot(each, loaded, size)
            pictures: list[dict[str, NDArray[Any]]] = []
            for number, view in enumerate(views):
                watcher("render", number / len(views))
                pictures.append(shot(view))
            watcher("write", 0.0)
            paths = save_pictures(files[stem], pictures, kinds, sheet=sheet is not None, overwrite=overwrite)
            stages = watcher.finish()
            seconds = time.perf_counter() - begin
            for path in paths:
                show.result(
                    f"{path}  {seconds:.1f} s",
                    {"event": "picture", "path": str(path), "recipe": each.facts(), "source": source}
                    | {"seconds": round(seconds, 3), "stages": stages},
                )


def _person(wanted: options.Wanted) -> str:
    """Whom of a photograph ``--like`` means, as of a pose file."""
    return str(wanted.values.get(pose_options.PERSON) or "")


def _mesh_shot(avatar: Avatar, size: int, framing: str | None) -> Shot:
    from portrait_core.cameras import Camera
    from portrait_core.rendering.framing import frame_bust
    from portrait_core.rendering.layered import avatar_scene

    # One scene for all cameras: most of its light does not depend on where the camera stands.
    scene = avatar_scene(avatar)
    # Framed at rest, so that a pose moves the head and not the camera.
    place = Camera.orbit if framing == "portrait" else frame_bust(avatar.main.vertices).camera

    def shot(view: View) -> dict[str, NDArray[Any]]:
        camera = place(math.radians(view.yaw), math.radians(view.pitch))
        picture = scene.render(camera.cam2world, camera.intrinsics, size)
        return {"image": picture.image, "depth": picture.depth, "mask": picture.mask}

    return shot


def _field_shot(recipe: Recipe, model: PortraitModel, size: int) -> Shot:
    from portrait_core.cameras import Camera

    person = model.person(recipe)

    def shot(view: View) -> dict[str, NDArray[Any]]:
        camera = view.camera or Camera.orbit(math.radians(view.yaw), math.radians(view.pitch))
        # A pose that was asked for goes before that of a reference.
        pose = dict(recipe.pose or view.pose or {})
        return person.render(camera, pose, size)

    return shot
