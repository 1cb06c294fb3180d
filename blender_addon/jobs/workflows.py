# SPDX-License-Identifier: GPL-3.0-or-later
"""The work behind the buttons, as generators: what is asked of the engine and what is done with the answers."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import Any

import bpy
from mathutils import Vector

from ..base.preferences_access import cache_folder
from ..core.failure import Failure
from ..core.text import Text, as_it_is
from ..scene import coast, maps
from ..scene.identity import Avatar, find
from ..scene.undisturbed import Asked, asked_from
from . import attributes, avatars
from .arrival import Arrival
from .arrivals import arrivals
from .files import OpenFile, open_file
from .gallery import gallery
from .notices import notices
from .recipe_properties import PERSON
from .recipes import Recipe, looks, show
from .session import session
from .task import Ask, Facts, Wait, Workflow

PREVIEW_SIZE = 192
"""Pixels of a picture of the gallery: the panel shows it with 160 or more."""
TOLD_WITHIN = 20.0
"""Seconds within which an engine that has started tells what its models can do."""
DRAFT_SIZE = 512
"""Pixels of the maps that come first after a slider; smaller ones save next to nothing."""


def generate(
    recipe: Recipe,
    name: str,
    *,
    keep: Path | None = None,
    overwrite: bool = False,
    motion: Facts | None = None,
    place: Vector | None = None,
    of_parts: Recipe | None = None,
) -> Workflow:
    """Make an avatar and bring it into the scene that asked. ``keep`` is where its file stays, if it shall; ``place``
    the floor that it stands on, where that is not at the 3D cursor.

    ``of_parts`` is the recipe to take where the engine, once it has told, says that the model has parts.
    """
    fields: Facts = {"recipe": recipe, "path": str(keep or new_path(name, ".glb")), "name": name, "thumbnail": True}
    fields["overwrite"] = overwrite
    if motion is not None:
        fields["motion"] = motion
    kept = keep is not None
    return _made_for(fields, open_file(), asked_from(bpy.context), kept=kept, place=place, of_parts=of_parts)


def regenerate(identity: str, name: str, recipe: Recipe) -> Workflow:
    """Make an avatar anew and put it in the place of the one with ``identity``."""
    fields: Facts = {"recipe": recipe, "path": str(new_path(name, ".glb")), "name": name, "thumbnail": True}
    return _made_for(fields, open_file(), asked_from(bpy.context), replaces=identity)


def _made_for(
    fields: Facts,
    origin: OpenFile,
    asked: Asked,
    *,
    kept: bool = False,
    replaces: str = "",
    place: Vector | None = None,
    of_parts: Recipe | None = None,
) -> Workflow:
    if of_parts is not None:
        yield from engine_told()
        if attributes.best_topology(str(of_parts["model"])) == "parts":
            fields["recipe"] = of_parts
    result = yield Ask("generate", fields)
    arrival = Arrival(Path(result["path"]), str(fields["name"]), origin, asked, thumbnail_of(result), replaces)
    arrival.place = place
    if not kept:
        arrival.waste = files_of(result)
    yield from arrive(arrival)


def engine_told() -> Workflow:
    """Until the engine, which is started, has told what it can do; not for ever."""
    yield Ask("ping", {})
    end = time.monotonic() + TOLD_WITHIN
    while not attributes.are_known() and time.monotonic() < end:
        yield Wait()


def arrive(arrival: Arrival) -> Workflow:
    """Have an avatar come into the scene; until it is there, or waits for something. Raises :class:`Failure`."""
    arrival.is_awaited = True
    try:
        arrivals.arrive(arrival)
        while arrivals.comes(arrival):
            yield Wait()
    except Failure as failure:
        if failure.code == "cancelled":
            arrivals.discard(arrival)
        raise
    finally:
        arrival.is_awaited = False
    if arrival.failure is not None:
        raise arrival.failure


def clear_coast() -> Workflow:
    """Until something may change the scene: in a window not under a tool that runs, nor in a mode that it would end."""
    while not arrivals.at_once and (why := coast.why_not()):
        yield Wait(why)


def follow(identity: str, name: str, recipe: Recipe) -> Workflow:
    """:func:`regenerate` with small maps first, where large ones take long.

    The mesh has followed the sliders, so that small maps are seen as soon as they are there; bones and shapes come with
    the large ones. Where parts became others the small avatar comes in whole, and then only maps are exchanged.
    """
    size = int(recipe.get("texture_size") or 0)
    if size <= DRAFT_SIZE:
        yield from regenerate(identity, name, recipe)
        return
    origin, asked = open_file(), asked_from(bpy.context)
    fields: Facts = {"recipe": {**recipe, "texture_size": DRAFT_SIZE}, "name": name, "thumbnail": False}
    result = yield Ask("generate", {**fields, "path": str(new_path(name, ".glb"))})
    arrival = Arrival(Path(result["path"]), name, origin, asked, None, identity, files_of(result), draft_of=size)
    old = find(identity) if origin.is_open() else None
    if old is not None and not coast.why_not() and avatars.show_draft(old, arrival.path, size):
        arrival.drop()
        yield from regenerate(identity, name, recipe)
        return
    yield from arrive(arrival)
    while arrival in arrivals.waiting and not arrival.by_hand:
        yield Wait(arrival.why)
    if arrival in arrivals.waiting:
        return
    fields = {"recipe": recipe, "name": name, "thumbnail": True, "path": str(new_path(name, ".glb"))}
    result = yield Ask("generate", fields)
    whole = Arrival(Path(result["path"]), name, origin, asked, thumbnail_of(result), identity, files_of(result))
    try:
        yield from clear_coast()
    except Failure:
        whole.drop()
        raise
    old = find(identity) if origin.is_open() else None
    if old is not None and avatars.take_maps(old, whole.path, whole.thumbnail):
        whole.drop()
    else:
        yield from arrive(whole)


def explore(recipe: Recipe, seed: int, count: int, locks: dict[str, float]) -> Workflow:
    """Fill the gallery with people from anywhere; locked attributes stay."""
    answer = yield Ask("randomise", {"model": recipe["model"], "seed": seed, "count": count, "locks": locks})
    yield from preview("Explore", [{**looks(each), "psi": recipe.get("psi", 1.0)} for each in answer["recipes"]])


def more_like(recipe: Recipe, seed: int, count: int, strength: float, locks: list[str]) -> Workflow:
    """Fill the gallery with people like the one of ``recipe``, who stays as the first."""
    answer = yield Ask(
        "vary",
        {"recipe": looks(recipe), "count": max(1, count - 1), "strength": strength, "seed": seed, "locks": locks},
    )
    yield from preview("More like this", [looks(recipe), *map(looks, answer["recipes"])])


def between(first: Recipe, second: Recipe, count: int) -> Workflow:
    """Fill the gallery with the way from one person to another, both included."""
    steps = max(2, count)
    fractions = [place / (steps - 1) for place in range(steps)]
    answer = yield Ask("blend", {"a": looks(first), "b": looks(second), "fractions": fractions})
    yield from preview("Between", [looks(each) for each in answer["recipes"]])


def preview(title: str, recipes: list[Recipe]) -> Workflow:
    """Show ``recipes`` in the gallery as their pictures come."""
    gallery.begin(title, recipes)
    shown = gallery.cells
    folder = cache_folder("previews", uuid.uuid4().hex[:12])

    def add(item: Facts) -> None:
        # the gallery may show something else by now
        if gallery.cells is shown:
            gallery.show(item["index"], Path(item["path"]))

    fields: Facts = {"recipes": recipes, "folder": str(folder), "size": PREVIEW_SIZE}
    if session.has_feature("head_shots"):  # an engine of before shows head and shoulders
        fields["framing"] = "head"
    yield Ask("preview", fields, add)


def bake(object_name: str, recipe: Recipe, name: str, *, written: Path | None = None) -> Workflow:
    """Bake the maps of ``recipe`` onto a mesh of the scene; ``written`` is its file where there is one already."""
    origin = open_file()
    mesh = written or new_path(name, ".glb")
    if written is None:
        maps.write_mesh(avatars.mesh_object(object_name), mesh)
    folder = new_path(name, "")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        answer = yield Ask("bake", {"recipe": recipe, "mesh": str(mesh), "folder": str(folder), "name": name})
    finally:
        mesh.unlink(missing_ok=True)
    yield from clear_coast()
    if not origin.is_open():
        raise Failure(
            "scene",
            "The maps are ready, but the file that asked for them is not open any more.",
            Text("They are in {folder}. Open the file and bake again to have them on the mesh.", folder=folder),
        )
    # An engine older than this add-on knows one set only.
    sets = answer.get("sets") or [{"material": "", "maps": answer["maps"]}]
    files = [(each["material"], {kind: Path(path) for kind, path in each["maps"].items()}) for each in sets]
    avatars.apply_maps(object_name, files)
    if answer.get("notices"):
        notices.say("\n".join(answer["notices"]))


def batch(recipe: Recipe, first: int, count: int, folder: Path, ending: str, *, overwrite: bool) -> Workflow:
    """Write an avatar for each seed from ``first`` on into ``folder``; nothing comes into the scene."""
    answer = yield Ask(
        "batch",
        {
            "recipe": {key: value for key, value in recipe.items() if key not in PERSON},
            "seed_range": [first, count],
            "folder": str(folder),
            "formats": [ending],
            "overwrite": overwrite,
        },
    )
    notices.say(
        Text(
            "{made} avatars written to {folder}{kept}{failed}.",
            made=answer["made"],
            folder=folder,
            kept=Text(", {count} were there already", count=answer["kept"]) if answer["kept"] else "",
            failed=Text(", {count} failed", count=answer["failed"]) if answer["failed"] else "",
        )
    )
    if answer["failed"] and not answer["made"]:
        message = Text("None of the {count} avatars could be made.", count=count)
        raise Failure("usage", message, "Open the log for the reason of each.")


def load_pose(identity: str, path: Path, frame: int = 0, said: Facts | None = None) -> Workflow:
    """Read a pose file and put the avatar into it; ``said`` is what the user says about the file."""
    fields: Facts = {"path": str(path), **(said or {})}
    if frame:  # engines of before know no other
        fields["frame"] = frame
    answer = yield Ask("read_pose", fields)
    yield from clear_coast()
    left_out = avatars.apply_pose(needed(identity), answer["pose"])
    _tell(path, answer.get("told", ""), left_out)


def load_motion(
    identity: str, path: Path, said: Facts | None = None, *, root: bool, whole_frames: bool = False
) -> Workflow:
    """Read a motion file and make an action of it; ``said`` is what the user says about the file."""
    out = new_path(path.stem, ".json")
    answer = yield Ask("read_motion", {"path": str(path), "out": str(out), **(said or {})})
    try:
        yield from clear_coast()
        avatar = needed(identity)
        left_out = avatars.apply_motion(avatar, Path(answer["path"]), path.stem, root=root, whole_frames=whole_frames)
    finally:
        Path(answer["path"]).unlink(missing_ok=True)
    _tell(path, answer.get("told", ""), left_out)


def _tell(path: Path, told: str, left_out: list[str]) -> None:
    """Say what a file was taken for, and which joints the avatar has not."""
    if not told and not left_out:
        return
    words = Text("{file}: {told}", file=path.name, told=told) if told else as_it_is(path.name)
    if left_out:
        names = ", ".join(left_out[:4]) + (", …" if len(left_out) > 4 else "")
        words = Text(
            "{words}; joints that the avatar lacks are left out ({count}): {names}",
            words=words,
            count=len(left_out),
            names=names,
        )
    notices.say(words)


def load_recipe(path: Path, scene_name: str) -> Workflow:
    """Read the recipe inside a file that the engine wrote and show it in the panel."""
    origin = open_file()
    answer = yield Ask("read_recipe", {"path": str(path)})
    scene = bpy.data.scenes.get(scene_name)
    if scene is not None and origin.is_open():
        show(scene.portraitkit, answer["recipe"])


def needed(identity: str) -> Avatar:
    """The avatar of ``identity``; a :class:`Failure` where it is gone."""
    avatar = find(identity)
    if avatar is None:
        raise Failure("scene", "The avatar is not in the file any more.", "Select an avatar and try again.")
    return avatar


def new_path(name: str, ending: str) -> Path:
    """A file of the cache that no other work writes."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name)[:40] or "avatar"
    return cache_folder("avatars") / f"{plain}-{uuid.uuid4().hex[:8]}{ending}"


def thumbnail_of(result: Facts) -> Path | None:
    """The picture beside the avatar."""
    return Path(result["thumbnail"]) if result.get("thumbnail") else None


def files_of(result: Facts) -> tuple[Path, ...]:
    """What the engine wrote for an avatar."""
    named = {result["path"], result.get("thumbnail"), *result.get("files", ())}
    return tuple(Path(each) for each in sorted(filter(None, named)))


def parse_facts(text: str, what: str) -> Any:
    """JSON given by a script."""
    try:
        return json.loads(text)
    except ValueError as error:
        message = Text("{what} is not JSON: {reason}", what=what, reason=error)
        raise Failure("usage", message, "Give it as json.dumps writes it.") from None
