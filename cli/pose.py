# SPDX-License-Identifier: Apache-2.0
"""``portrait pose``: body poses of generated or given pictures, read by an official model's discriminator."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from cli import generator_options, options
from cli.loading import load
from cli.outputs import prepare_folder, refuse_existing, take_target
from cli.show import Show
from portrait_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portrait_core.models.portrait_gan.labels import Pose
    from portrait_core.person import PicturedPerson, PosingPerson
    from portrait_core.portrait_model import PoseReader
    from portrait_core.recipe import Recipe

SOURCES = ("picture", "latent")


@options.takes_recipe("pose", after={"name": ("model",)})
def pose(
    wanted: options.Wanted,
    images: Annotated[
        Path | None,
        typer.Option(
            "--images",
            metavar="FOLDER",
            help="Instead of seeds: a folder with aligned_images/, mask/ and result.json (or dataset.json).",
        ),
    ] = None,
    yaw: Annotated[float, typer.Option("--yaw", help="Camera of generated pictures, degrees; 0 is in front.")] = 0.0,
    pitch: Annotated[float, typer.Option("--pitch", help="Its height, degrees.")] = 0.0,
    source: Annotated[
        str,
        typer.Option(
            "--from", metavar="picture|latent", help="Read the pose from the picture, or let the generator draw it."
        ),
    ] = "picture",
    out: options.OutFolder = Path("poses"),
    name: options.NamePattern = options.DEFAULT_NAME,
    overwrite: options.Overwrite = False,
    device: options.Device = "auto",
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Predict body poses; writes .json files that --pose takes. Needs an imported official model."""
    show = Show(as_json=as_json, quiet=quiet)
    if source not in SOURCES:
        raise UsageError(f"--from {source!r} is not known; it is picture or latent.")
    if images is not None and (wanted.values["seed"] is not None or source == "latent"):
        raise UsageError("--images takes neither --seed nor --from latent.")
    if abs(pitch) > 85 or not math.isfinite(yaw):
        raise UsageError(f"--yaw {yaw:g} --pitch {pitch:g}: cameras stand between -85 and 85 degrees of height.")
    order = options.take_order(wanted, name=name)
    given = _pictures(images) if images is not None else []
    stems = [stem for stem, *_ in given] if images is not None else list(order.names)
    target = take_target(out, (".json",), name_given="name" in wanted.given)
    target.one_of(len(stems), "poses")
    out = target.folder
    files = {stem: out / (f"{stem}-pose.json" if target.stem is None else f"{target.stem}.json") for stem in stems}
    if len(files) != len(stems):
        raise UsageError(f"--images {images}: two pictures have the same name but for their ending.")
    refuse_existing(files.values(), overwrite=overwrite)
    prepare_folder(out)
    with show.progress("loading", total=len(stems)) as watcher:
        loaded = load(order.model, device, watcher)
        generator_options.require_pictures(loaded, "portrait pose")
        reader, people = cast("PoseReader", loaded), order.recipes
        found = _of_files(reader, given) if images is not None else _of_recipes(reader, people, yaw, pitch, source)
        for stem, turn in zip(stems, found, strict=True):
            watcher.begin(stem)
            watcher("pose", 0.0)
            _write(files[stem], turn, overwrite=overwrite)
            watcher.finish()
            words = "; ".join(f"{joint} {_degrees(angles)}" for joint, angles in turn.items())
            show.result(f"{files[stem]}  {words}", {"event": "pose", "path": str(files[stem]), "pose": turn})


def _pictures(folder: Path) -> list[tuple[str, Path, Path, Any]]:
    """(name, picture, mask, camera) of each entry of the folder's result.json or dataset.json."""
    from portrait_core.models.portrait_gan.labels import read_references

    lists = [folder / each for each in ("result.json", "dataset.json") if (folder / each).is_file()]
    if not lists:
        raise UsageError(f"--images {folder}: neither result.json nor dataset.json in it, which hold the cameras.")
    found: list[tuple[str, Path, Path, Any]] = []
    for each in read_references(lists[0]):
        plain = Path(each.name.replace("\\", "/")).name
        picture = folder / "aligned_images" / plain
        mask = folder / "mask" / plain
        for path in (picture, mask):
            if not path.is_file():
                raise UsageError(f"{lists[0]}: entry {each.name!r}: there is no {path}.")
        found.append((Path(plain).stem, picture, mask, each.camera))
    return found


def _of_files(model: PoseReader, given: list[tuple[str, Path, Path, Any]]) -> Iterator[Pose]:
    import numpy as np
    import torch
    from PIL import Image

    from portrait_core.models.portrait_gan.labels import pose_of_six

    size = model.picture_size
    for _, picture, mask, camera in given:
        try:
            rgb = np.asarray(Image.open(picture).convert("RGB").resize((size, size), Image.Resampling.BILINEAR))
            cover = np.asarray(Image.open(mask).convert("L"))
        except OSError as error:
            raise UsageError(f"{picture} or its mask is no picture ({error}).") from None
        image = torch.as_tensor(rgb.astype(np.float32)).permute(2, 0, 1)[None] / 127.5 - 1
        shape = torch.as_tensor(cover.astype(np.float32))[None, None] / 255
        yield pose_of_six(model.predict_pose(image, shape, camera))


def _of_recipes(
    model: PoseReader, recipes: tuple[Recipe, ...], yaw: float, pitch: float, source: str
) -> Iterator[Pose]:
    from portrait_core.cameras import Camera
    from portrait_core.models.portrait_gan.labels import pose_of_six

    camera = Camera.orbit(math.radians(yaw), math.radians(pitch))
    for recipe in recipes:
        person = model.person(recipe)
        if source == "latent":
            yield pose_of_six(cast("PosingPerson", person).drawn_pose(camera))
            continue
        seen = cast("PicturedPerson", person).pictures(camera, {})
        yield pose_of_six(model.predict_pose(seen["image"], seen["image_mask"].clamp(0, 1), camera))


def _write(path: Path, turn: Pose, *, overwrite: bool) -> None:
    from portrait_core.files.whole_file import whole_file

    with whole_file(path, overwrite=overwrite) as temporary:
        temporary.write_text(json.dumps({"unit": "radians", **turn}, indent=1) + "\n", encoding="utf-8")


def _degrees(angles: tuple[float, float, float]) -> str:
    return ",".join(f"{math.degrees(angle):.1f}" for angle in angles)
