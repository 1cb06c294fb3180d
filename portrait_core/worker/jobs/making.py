# SPDX-License-Identifier: Apache-2.0
"""Avatars into files, one or many, and maps for meshes that were edited."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portrait_core.engine.engine import Engine
from portrait_core.engine.faults import ends_batch, fault_of
from portrait_core.errors import OutputError, UsageError
from portrait_core.files.names import DEFAULT_PATTERN, check_name, check_pattern, fill_pattern, plain_name
from portrait_core.files.whole_file import prepare_folder
from portrait_core.maps import required_files
from portrait_core.protocol import MAX_RECIPES, MAX_SEEDS, ProtocolError
from portrait_core.recipe import MAX_SEED, Recipe
from portrait_core.recipe_fields import PERSON
from portrait_core.runtime.own_folders import offer
from portrait_core.worker.estimate import bake_steps, generate_steps, model_steps
from portrait_core.worker.fields import Fields
from portrait_core.worker.jobs.reading import take_face, take_motion
from portrait_core.worker.watch import Watch

if TYPE_CHECKING:
    from portrait_core.face.motion_files import FaceMotion
    from portrait_core.formats.write import VrmWish
    from portrait_core.rig import Motion


def generate(fields: Fields, watch: Watch, engine: Engine) -> dict[str, Any]:
    """One avatar into one file."""
    facts = fields.object("recipe")
    path = fields.path("path")
    name = fields.text("name", "")
    overwrite = fields.flag("overwrite", False)
    thumbnail = fields.flag("thumbnail", True)
    lod_files = fields.flag("lod_files", False)
    blender = fields.text("blender") if fields.given("blender") else None
    moving = fields.part("motion") if fields.given("motion") else None
    facing = fields.part("face_motion") if fields.given("face_motion") else None
    wish = _vrm_wish(fields.object("vrm")) if fields.given("vrm") else None
    fields.done()
    animation = None
    if moving is not None:
        animation = take_motion(moving).motion
        moving.done()
    recipe = engine.take_recipe(facts)
    face, told = (None, ()) if facing is None else take_face(facing, recipe)
    _check_formats([path], blender)
    if name:
        check_name(name)
    offer(prepare_folder(path.parent))
    options = {"overwrite": overwrite, "thumbnail": thumbnail, "lod_files": lod_files}
    made = _make(
        recipe, [path], name or path.stem, watch, engine, animation, face, blender=blender, vrm=wish, **options
    )
    return made if facing is None else {**made, "told": [*told, *made["told"]]}


def batch(fields: Fields, watch: Watch, engine: Engine) -> dict[str, Any]:
    """Many avatars into one folder; one that fails does not stop the others."""
    recipes, many = _batch_recipes(fields, engine)
    folder = fields.path("folder")
    pattern = fields.text("pattern", DEFAULT_PATTERN)
    formats = fields.texts("formats", (".glb",)) or [".glb"]
    overwrite = fields.flag("overwrite", False)
    thumbnail = fields.flag("thumbnail", True)
    fields.done()
    check_pattern(pattern, many=many > 1, what="pattern")
    endings = list(dict.fromkeys("." + each.lower().removeprefix(".") for each in formats))
    _check_formats([folder / f"avatar{ending}" for ending in endings], None)
    offer(prepare_folder(folder))
    begin = time.perf_counter()
    counts = {"made": 0, "kept": 0, "failed": 0}
    used: set[str] = set()
    for index, facts in enumerate(recipes):
        with watch.piece(index, many):
            outcome = _one_of_batch(
                facts, folder, pattern, endings, used, watch, engine, overwrite=overwrite, thumbnail=thumbnail
            )
        counts[outcome["status"]] += 1
        watch.item(index, **outcome)
    return {**counts, "seconds": round(time.perf_counter() - begin, 3)}


def bake(fields: Fields, watch: Watch, engine: Engine) -> dict[str, Any]:
    """The maps of an avatar for an edited mesh."""
    facts = fields.object("recipe") if fields.given("recipe") else None
    source = fields.path("mesh")
    mesh_name = fields.text("mesh_name") if fields.given("mesh_name") else None
    mesh_index = fields.count("mesh_index", low=0, high=MAX_SEED) if fields.given("mesh_index") else None
    uv_map = fields.text("uv_map") if fields.given("uv_map") else None
    folder = fields.path("folder")
    name = fields.text("name", plain_name(source.stem, "mesh"))
    overwrite = fields.flag("overwrite", False)
    fields.done()
    check_name(name)
    from portrait_core.formats.read_mesh import Notice, read_meshes
    from portrait_core.formats.read_recipe import read_recipe
    from portrait_core.pipeline import bake_sets
    from portrait_core.pipeline.export import export_maps, set_stems

    meshes = read_meshes(source, mesh_name, number=mesh_index, uv_map=uv_map)
    recipe = engine.take_recipe(read_recipe(source).recipe if facts is None else facts)
    stems = set_stems(name, meshes[0].materials)
    _refuse_existing([folder / each for stem in stems for each in required_files(stem)], overwrite=overwrite)
    offer(prepare_folder(folder))
    begin = time.perf_counter()
    watch.plan([*model_steps(loaded=engine.is_loaded(recipe.model)), *bake_steps(recipe)])
    watch("model", 0.0)
    notices: list[Notice] = []
    baked = bake_sets(meshes, recipe, engine.model(recipe.model), watch, tell=notices.append)
    watch("write", 0.0)
    sets: list[dict[str, Any]] = []
    for stem, each in zip(set_stems(name, baked.mesh.materials), baked.sets, strict=True):
        paths = export_maps(each.maps, folder, stem, overwrite=overwrite)
        sets.append({"material": each.name, "maps": {part: str(path) for part, path in paths.items()}})
    watch("write", 1.0)
    return {
        "maps": sets[0]["maps"],
        "sets": sets,
        "mesh": baked.mesh.name,
        "faces": len(baked.mesh.faces),
        "notices": [notice.text for notice in notices],
        "recipe": recipe.facts(),
        "seconds": round(time.perf_counter() - begin, 3),
        "stages": watch.finish(),
    }


def _make(
    recipe: Recipe,
    paths: Sequence[Path],
    name: str,
    watch: Watch,
    engine: Engine,
    motion: Motion | None = None,
    face: FaceMotion | None = None,
    *,
    overwrite: bool,
    thumbnail: bool,
    lod_files: bool = False,
    blender: str | None = None,
    vrm: VrmWish | None = None,
) -> dict[str, Any]:
    """Make one avatar and write it in every format; the answer of ``generate``."""
    from portrait_core.pipeline import make_avatar
    from portrait_core.pipeline.export import export_avatar, planned_files, with_motion
    from portrait_core.pipeline.face_motion import with_face_motion

    planned = planned_files(paths, 1 + len(recipe.lods), lod_files=lod_files, thumbnail=thumbnail)
    _refuse_existing(planned, overwrite=overwrite)
    begin = time.perf_counter()
    pictures = recipe.texture == "auto" and "sharper_pictures" in engine.capabilities(recipe.model)
    steps = generate_steps(recipe, len(paths), pictures=pictures)
    watch.plan([*model_steps(loaded=engine.is_loaded(recipe.model)), *steps])
    watch("model", 0.0)
    model = engine.model(recipe.model)
    # A path of this machine means nothing in a file that travels; the model's digest goes with it.
    avatar = make_avatar(recipe.model_copy(update={"model": model.header.name}), model, watch, name=name)
    if motion is not None:
        avatar = with_motion(avatar, motion)
    told: dict[str, Any] = {}
    if face is not None:
        avatar, lines = with_face_motion(avatar, face)
        told["told"] = list(lines)
    done = export_avatar(
        avatar,
        paths,
        recipe,
        watch,
        overwrite=overwrite,
        lod_files=lod_files,
        thumbnail=thumbnail,
        blender=blender,
        vrm=vrm,
    )
    watch("write", 1.0)
    return {
        "path": str(done.main[0]),
        "files": [str(each) for each in done.files],
        "thumbnail": None if done.thumbnail is None else str(done.thumbnail),
        "name": avatar.name,
        "recipe": recipe.facts(),
        "faces": len(avatar.main.faces),
        "levels": [len(level.faces) for level in avatar.levels],
        "vertices": len(avatar.main.vertices),
        "bytes": done.main[0].stat().st_size,
        "report": dict(avatar.report),
        "seconds": round(time.perf_counter() - begin, 3),
        "stages": watch.finish(),
        **told,
    }


def _batch_recipes(fields: Fields, engine: Engine) -> tuple[Iterable[dict[str, Any]], int]:
    """The facts of each recipe, and how many there are."""
    ways = [name for name in ("recipes", "seeds", "seed_range") if fields.given(name)]
    if len(ways) != 1:
        raise ProtocolError("a batch takes recipes, or a recipe with seeds or seed_range; give exactly one of them")
    if ways[0] == "recipes":
        found = fields.objects("recipes", most=MAX_RECIPES * 1000)
        return found, len(found)
    base = fields.object("recipe")
    if ways[0] == "seeds":
        seeds: Sequence[int] = fields.counts("seeds", most=MAX_SEEDS, low=0, high=MAX_SEED)
    else:
        pair = fields.counts("seed_range", most=2, low=0, high=MAX_SEED)
        if len(pair) != 2 or not 0 < pair[1] <= MAX_SEEDS or pair[0] + pair[1] - 1 > MAX_SEED:
            raise ProtocolError(f"seed_range: expected [first, count] with a count of 1 to {MAX_SEEDS}, got {pair}")
        seeds = range(pair[0], pair[0] + pair[1])
    for name in PERSON:
        if name != "seed" and base.get(name) is not None:
            raise UsageError(f"recipe: a {name} says who it is, so seeds mean nothing beside it.")
    engine.take_recipe(base | {"seed": 0})  # one mistake for all is told at once
    return (base | {"seed": seed} for seed in seeds), len(seeds)


def _one_of_batch(
    facts: dict[str, Any],
    folder: Path,
    pattern: str,
    endings: Sequence[str],
    used: set[str],
    watch: Watch,
    engine: Engine,
    *,
    overwrite: bool,
    thumbnail: bool,
) -> dict[str, Any]:
    try:
        recipe = engine.take_recipe(facts)
        name = fill_pattern(pattern, model=engine.header(recipe.model).name, seed=recipe.label())
        if name.lower() in used:
            raise UsageError(f"{name}: an earlier avatar of this batch has this name; put {{seed}} into the pattern.")
        used.add(name.lower())
        paths = [folder / f"{name}{ending}" for ending in endings]
        if not overwrite and all(path.exists() for path in paths):
            watch.check()
            return {"status": "kept", "path": str(paths[0]), "name": name, "recipe": recipe.facts()}
        made = _make(recipe, paths, name, watch, engine, overwrite=True, thumbnail=thumbnail)
    except Exception as error:
        fault = fault_of(error)
        if ends_batch(fault.code):
            raise
        return {"status": "failed", "recipe": facts, "error": fault.facts()}
    kept = ("path", "files", "thumbnail", "name", "recipe", "faces", "seconds")
    return {"status": "made", **{key: made[key] for key in kept}}


def _vrm_wish(said: dict[str, Any]) -> VrmWish:
    """What a client says of a .vrm by VRM's names, over what is remembered; nothing is remembered of it."""
    from portrait_core.formats.vrm.meta import VrmMeta, meta_file, read_meta
    from portrait_core.formats.write import VrmWish

    try:
        known = read_meta(meta_file())
    except (FileNotFoundError, UsageError):
        known = {}
    return VrmWish(VrmMeta({**known, **said}))


def _check_formats(paths: Sequence[Path], blender: str | None) -> None:
    from portrait_core.formats.blender import BLENDER_ENDINGS, find_blender
    from portrait_core.formats.write import check_ending

    for path in paths:
        if check_ending(path) in BLENDER_ENDINGS:
            find_blender(blender)


def _refuse_existing(paths: Sequence[Path], *, overwrite: bool) -> None:
    for path in paths:
        if path.is_dir():
            raise OutputError(f"{path} is a folder; a file was to be written there.")
        if not overwrite and path.exists():
            raise UsageError(f"{path} exists already. Choose another name, or allow files to be replaced.")
