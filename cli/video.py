# SPDX-License-Identifier: Apache-2.0
"""``portrait video``: turntables, small motions and walks between people as .mp4, alone or in a grid."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from cli import face_options, generator_options, options
from cli.face_video import Shooting, filmed
from cli.loading import load
from cli.outputs import prepare_folder, refuse_existing, take_target
from cli.show import Show
from portrait_core.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from portrait_core.cameras import Camera
    from portrait_core.person import Person, StyledPerson
    from portrait_core.portrait_model import PortraitModel, StyleModel
    from portrait_core.progress import Progress
    from portrait_core.recipe import Recipe

PATHS = ("turntable", "sway", "walk", "still")
FRAMES_RANGE = (2, 3600)


@options.takes_recipe("video", after={"seed": ("attributes",), "name": ("model",)})
def video(
    wanted: options.Wanted,
    path: Annotated[
        str,
        typer.Option(
            "--path",
            metavar="turntable|sway|walk|still",
            help="Once around; a small motion in front; from seed to seed and back, swaying; or a camera that stands. "
            "[default: turntable; still where a face moves]",
            show_default=False,
        ),
    ] = "turntable",
    frames: Annotated[
        int,
        typer.Option(
            "--frames",
            help="How many; of a walk: from each seed to the next. [default: 120; as long as the face moves]",
            show_default=False,
        ),
    ] = 120,
    rate: Annotated[float, typer.Option("--frame-rate", metavar="HZ", help="Frames a second, 1 to 120.")] = 30.0,
    size: Annotated[int, typer.Option("--size", help="Edge of one picture in pixels, even, 16 to 2048.")] = 512,
    grid: Annotated[
        str | None, typer.Option("--grid", metavar="2x2", help="All seeds in one video, columns x rows.")
    ] = None,
    depth: Annotated[bool, typer.Option("--depth", help="The depth instead of the picture, near is bright.")] = False,
    face_motion: face_options.FaceMotionFile = None,
    lipsync: face_options.Lipsync = None,
    lipsync_strength: face_options.Strength = 1.0,
    idle: face_options.Idle = None,
    sound: Annotated[
        Path | None, typer.Option("--sound", metavar="FILE", help="A sound that begins with the first frame: WAV, MP3.")
    ] = None,
    samples: generator_options.Samples = None,
    neural_resolution: generator_options.NeuralResolution = None,
    cutoff: generator_options.Cutoff = None,
    memory: generator_options.Memory = None,
    precision: generator_options.PrecisionOption = None,
    compiled: generator_options.Compiled = False,
    out: options.OutFolder = Path("videos"),
    name: options.NamePattern = options.DEFAULT_NAME,
    overwrite: options.Overwrite = False,
    device: options.Device = "auto",
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Make .mp4 videos: of the model's own pictures, or of avatars whose faces move.

    Needs the package imageio-ffmpeg (extra `video`).
    """
    show = Show(as_json=as_json, quiet=quiet)
    _check(path, frames, rate, size)
    face = face_options.take_face(face_motion, lipsync, lipsync_strength, idle, show.note)
    if face:
        path = path if "path" in wanted.given else "still"
        if path == "walk" or grid is not None:
            raise UsageError("a face that moves is filmed alone; leave --path walk and --grid away.")
    facts = generator_options.given_facts(samples, neural_resolution, cutoff, None, memory, False, precision, compiled)
    from portrait_core.models.load import capabilities_of

    order = options.take_order(
        wanted,
        name=name,
        warn=show.note,
        rig=lambda header: "neck and head" if "pictures" in capabilities_of(header) else "bust",
    )
    people = list(order.recipes)
    columns, rows = _grid(grid, 1 if path == "walk" and grid is None else len(people))
    if path == "walk":
        if len(people) < 2 or grid is not None:
            raise UsageError("--path walk goes between the people of --seed, such as 0-4, and takes no --grid.")
        files = {out / f"{order.names[0]}-walk.mp4": people}
    elif grid is not None:
        files = {out / f"{order.names[0]}-{path}-{columns}x{rows}.mp4": people}
    else:
        files = {out / f"{stem}-{path}.mp4": [each] for stem, each in zip(order.names, people, strict=True)}
    place = take_target(out, (".mp4",), name_given="name" in wanted.given)
    place.one_of(len(files), "films")
    if place.stem is not None:
        files = {out: next(iter(files.values()))}
    from portrait_core.imaging.video import Sound, check_sound, check_video, write_video

    check_video()
    if sound is not None:
        check_sound(sound)
    refuse_existing(files, overwrite=overwrite)
    prepare_folder(place.folder)
    with show.progress("loading", total=len(files)) as watcher:
        loaded = load(order.model, device, watcher)
        generator_options.set_options(loaded, facts)
        for target, group in files.items():
            begin = time.perf_counter()
            watcher.begin(target.stem)
            kind = "depth" if depth else "image"
            count = frames * (len(group) if path == "walk" else 1)
            if face:
                shooting = Shooting(path, frames if "frames" in wanted.given else None, rate, size, depth)
                count, made = filmed(group[0], loaded, face, shooting, watcher, show.note)
            elif path == "walk":
                made = _walk(loaded, group, frames, size, kind, watcher)
            else:
                made = _around(loaded, group, path, frames, size, kind, (columns, rows), watcher)
            track = None if sound is None else Sound(sound, count / rate)
            count = write_video(target, made, rate=rate, overwrite=overwrite, sound=track)
            watcher.finish()
            seconds = time.perf_counter() - begin
            show.result(
                f"{target}  {count} frames  {seconds:.1f} s",
                {"event": "video", "path": str(target), "frames": count, "seconds": round(seconds, 3)}
                | {"recipes": [each.facts() for each in group]},
            )


def _check(path: str, frames: int, rate: float, size: int) -> None:
    if path not in PATHS:
        raise UsageError(f"--path {path!r} is not known; it is turntable, sway, walk or still.")
    if not FRAMES_RANGE[0] <= frames <= FRAMES_RANGE[1]:
        raise UsageError(f"--frames {frames} is out of range; it goes from {FRAMES_RANGE[0]} to {FRAMES_RANGE[1]}.")
    if not 1 <= rate <= 120:
        raise UsageError(f"--frame-rate {rate:g} is out of range; it goes from 1 to 120.")
    if size % 2 or not 16 <= size <= 2048:
        raise UsageError(f"--size {size}: expected an even number from 16 to 2048.")


def _grid(text: str | None, count: int) -> tuple[int, int]:
    if text is None:
        return 1, 1
    match = re.fullmatch(r"\s*(\d{1,2})\s*[xX]\s*(\d{1,2})\s*", text)
    if match is None or int(match[1]) * int(match[2]) != count:
        raise UsageError(f"--grid {text!r}: expected COLUMNSxROWS with a place for each of {count} seeds, such as 2x2.")
    return int(match[1]), int(match[2])


def _cameras(path: str, frames: int) -> list[Camera]:
    from portrait_core.cameras import Camera, gentle_sway, turntable

    if path == "still":
        return [Camera.orbit()] * frames
    return turntable(frames) if path == "turntable" else gentle_sway(frames)


def _around(
    model: PortraitModel,
    people: list[Recipe],
    path: str,
    frames: int,
    size: int,
    kind: str,
    grid: tuple[int, int],
    watcher: Progress,
) -> Iterator[NDArray[np.uint8]]:
    """A frame a camera; several people side by side. Person by person: what belongs to one is made once."""
    import numpy as np

    cameras = _cameras(path, frames)
    if len(people) == 1:
        person = model.person(people[0])
        for number, camera in enumerate(cameras):
            watcher("render", number / frames)
            yield _picture(person.render(camera, people[0].pose, size), kind)
        return
    columns, rows = grid
    sheets = np.zeros((frames, rows * size, columns * size, 3), np.uint8)
    for place, recipe in enumerate(people):
        person = model.person(recipe)
        top, left = place // columns * size, place % columns * size
        for number, camera in enumerate(cameras):
            watcher("render", (place * frames + number) / (frames * len(people)))
            seen = person.render(camera, recipe.pose, size)
            sheets[number, top : top + size, left : left + size] = _picture(seen, kind)
    yield from sheets


def _walk(
    model: PortraitModel, people: list[Recipe], frames: int, size: int, kind: str, watcher: Progress
) -> Iterator[NDArray[np.uint8]]:
    """From person to person and back to the first, on a smooth closed curve, while the camera sways."""
    cameras = _cameras("sway", frames)
    for number, person in enumerate(_people_of_walk(model, people, frames)):
        watcher("render", number / (frames * len(people)))
        yield _picture(person.render(cameras[number % frames], people[0].pose, size), kind)


def _people_of_walk(model: PortraitModel, people: list[Recipe], frames: int) -> Iterator[Person]:
    """Through latents; through style rows where the model wants it, or where somebody is given by w or ws, which
    nothing leads back from to a latent."""
    from portrait_core.latents.walk import closed_walk

    if "style_walks" in model.capabilities or any(each.w is not None or each.ws is not None for each in people):
        if "styles" not in model.capabilities:
            raise UsageError(f"model {model.header.name} has no styles to walk through; give seeds or latents.")
        styled = cast("StyleModel", model)
        for styles in closed_walk([cast("StyledPerson", model.person(each)).styles for each in people], frames):
            yield styled.person_of_styles(styles)
        return
    for z in closed_walk([each.latent_vector(model.header) for each in people], frames):
        # Attributes are in the latents already.
        place: dict[str, Any] = {"seed": None, "latent": tuple(map(float, z[0])), "attributes": {}}
        yield model.person(people[0].model_copy(update=place))


def _picture(seen: dict[str, NDArray[Any]], kind: str) -> NDArray[np.uint8]:
    """A frame: the picture, or the depth."""
    from cli.pictures import shown_depth

    return seen["image"] if kind == "image" else shown_depth(seen["depth"])
