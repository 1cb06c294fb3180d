# SPDX-License-Identifier: Apache-2.0
"""``portrait doctor``: is everything here that Portraitkit needs, and what to do where it is not."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

import portrait_core
from cli.options import AsJson, OutFolder
from cli.remedies import told
from cli.show import Show
from portrait_core.runtime import own_folders

# Distribution -> module it installs: what the way from a seed to a file needs.
NEEDED = {
    "torch": "torch",
    "numpy": "numpy",
    "scipy": "scipy",
    "fast-simplification": "fast_simplification",
    "pygltflib": "pygltflib",
    "pillow": "PIL.Image",
    "safetensors": "safetensors",
    "warp-lang": "warp",
    "pydantic": "pydantic",
    "typer": "typer",
    "rich": "rich",
    "psutil": "psutil",
    "platformdirs": "platformdirs",
    "filelock": "filelock",
}
# One of these is enough.
MARCHING_CUBES = {"PyMCubes": "mcubes", "scikit-image": "skimage.measure"}
# Distribution -> module, what it is for, how it comes. They come with Portraitkit unless an extra is named.
OPTIONAL = {
    "xatlas": ("xatlas", "unwrapping meshes whose regions are not known", "xatlas"),
    "trimesh": ("trimesh", "`portrait shape` and meshes from .ply, .stl and .off", "trimesh"),
    "fsspec": ("fsspec", "batches into URLs", "fsspec"),
    "bpy": ("bpy", ".blend, FBX and USD export", "'portraitkit[blender]'"),
    "imageio-ffmpeg": ("imageio_ffmpeg", "`portrait video`", "'portraitkit[video]'"),
    "ray": ("ray", "`portrait batch --engine ray`", "'portraitkit[cluster]'"),
}
ENOUGH_DISK = 500_000_000


@dataclass(frozen=True)
class Finding:
    """One thing looked at: ``state`` is ok, optional (not there, and not needed) or bad."""

    what: str
    state: str
    detail: str
    advice: str = ""


def doctor(
    out: OutFolder = Path("avatars"),
    as_json: AsJson = False,
    verify: Annotated[bool, typer.Option(help="Read every model whole and check its digest.")] = True,
) -> None:
    """Import every dependency, verify the models, look at device, disk and Blender. Exit code 1 if something is bad.

    What only some commands or extras use is `optional` where it is not there: that is no fault.
    """
    show = Show(as_json=as_json, quiet=False)
    bad = 0
    for finding in _findings(out, verify=verify):
        bad += finding.state == "bad"
        line = f"{finding.state:<8}  {finding.what:<20}  {finding.detail}"
        show.result(
            line.rstrip() + (f"\n          -> {finding.advice}" if finding.advice else ""),
            {"event": "finding", **asdict(finding)},
        )
    if bad:
        show.note(f"{bad} thing{'s' if bad > 1 else ''} to repair.")
        raise typer.Exit(1)


def _findings(out: Path, *, verify: bool) -> Iterator[Finding]:
    yield Finding("portraitkit", "ok", f"{portrait_core.__version__} in {Path(portrait_core.__file__).parent}")
    supported = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield Finding(
        "python",
        "ok" if supported else "bad",
        f"{platform.python_version()} on {platform.platform()}",
        "" if supported else "use Python 3.11, 3.12 or 3.13",
    )
    for distribution, module in NEEDED.items():
        yield _import(distribution, module, "bad", f"pip install {distribution}")
    yield from _marching_cubes()
    for distribution, (module, purpose, source) in OPTIONAL.items():
        yield _import(distribution, module, "optional", f"pip install {source} for {purpose}")
    yield _device()
    yield from _models(verify=verify)
    yield _photo_networks()
    yield _caches()
    yield _folder(out)
    yield _blender()


def _import(distribution: str, module: str, otherwise: str, advice: str) -> Finding:
    try:
        importlib.import_module(module)
    except Exception as error:  # a broken binary may raise anything while it loads; that is what is looked for here
        absent = isinstance(error, ModuleNotFoundError)
        text = "not installed" if absent else f"installed, but does not load: {type(error).__name__}: {error}"
        return Finding(distribution, otherwise, " ".join(text.split()), advice)
    from importlib import metadata  # slow to import, and the other commands do without

    try:
        return Finding(distribution, "ok", metadata.version(distribution))
    except metadata.PackageNotFoundError:
        return Finding(distribution, "ok", "version unknown")


def _marching_cubes() -> Iterator[Finding]:
    found = [
        _import(distribution, module, "optional", f"pip install {distribution} for another marching cubes")
        for distribution, module in MARCHING_CUBES.items()
    ]
    if all(each.state != "ok" for each in found):
        advice = f"pip install {' or '.join(MARCHING_CUBES)}: one of them is needed"
        found = [replace(each, state="bad", advice=advice) for each in found]
    yield from found


def _device() -> Finding:
    try:
        import torch

        from portrait_core.runtime.devices import choose_device

        device = choose_device("auto")
    except ImportError:
        return Finding("device", "bad", "torch does not load", "install torch as the README says")
    try:
        # A card that torch sees may still be one that its build has no code for.
        assert float(torch.ones(2, device=device).sum()) == 2
    except Exception as error:  # whatever the driver says
        text = " ".join(str(error).split())[:200]
        advice = "use --device cpu, or another torch build (see README)"
        return Finding("device", "bad", f"{device.type}: {text}", advice)
    if device.type == "cuda":
        return Finding("device", "ok", f"cuda: {torch.cuda.get_device_name()}")
    threads = f"{device.type}, {torch.get_num_threads()} threads"
    if shutil.which("nvidia-smi"):
        advice = "this torch is a build without CUDA; for the graphics card install one with it (see README)"
        return Finding("device", "ok", threads, advice)
    return Finding("device", "ok", threads)


def _blender() -> Finding:
    """What `.blend`, `.fbx` and `.usdc` would be written by. The add-on brings its own Blender: the one it runs in."""
    from portrait_core.errors import UsageError
    from portrait_core.formats.blender import BLENDER_VARIABLE, find_blender

    try:
        return Finding("Blender", "ok", find_blender()[0])
    except UsageError as error:
        # Named by its user and not there is a fault; not there at all is a choice.
        state = "bad" if os.environ.get(BLENDER_VARIABLE) else "optional"
        return Finding("Blender", state, "none found" if state == "optional" else "not usable", told(error))


def _models(*, verify: bool) -> Iterator[Finding]:
    try:
        from portrait_core.errors import ModelFileError
        from portrait_core.weights import registry
        from portrait_core.weights.checkpoint import load_weights
    except ImportError as error:
        yield Finding("models", "bad", f"cannot be looked for: {error}", "repair the imports above first")
        return
    entries = registry.list_models()
    for entry in entries:
        problem = entry.problem
        if verify and not problem:
            try:
                load_weights(entry.path)
            except ModelFileError as error:
                problem = str(error)
        detail = problem or f"{entry.source}, {entry.size / 1e6:.1f} MB, {'verified' if verify else 'not verified'}"
        yield Finding(
            f"model {entry.name}", "bad" if problem else "ok", detail, "get the file again" if problem else ""
        )
    if not any(entry.name == "starter" for entry in entries):
        yield Finding("model starter", "bad", "not found", "install portraitkit again; its weights come with it")
    yield _own("models folder", registry.FOLDER_VARIABLE, registry.user_folder(), registry.standing_in_for())


def _photo_networks() -> Finding:
    """The networks that read photographs: somebody else's, set up on the user's wish."""
    what, advice = "photo networks", "portrait photo setup, for `portrait photo` and `portrait dataset`"
    try:
        from portrait_core.errors import ModelFileError
        from portrait_core.photo.networks.published import NAMES
        from portrait_core.photo.networks.store import available, networks_path
    except ImportError as error:
        return Finding(what, "bad", f"cannot be looked for: {error}", "repair the imports above first")
    try:
        there = available()
    except ModelFileError as error:
        return Finding(what, "bad", str(error), advice)
    missing = [name for name in NAMES if name not in there]
    if not missing:
        return Finding(what, "ok", f"{networks_path()} ({networks_path().stat().st_size / 1e6:.1f} MB)")
    return Finding(what, "optional", f"without {', '.join(missing)}" if there else "not set up", advice)


def _caches() -> Finding:
    try:
        found = own_folders.find_cache_folder()
    except OSError:
        advice = f"name a folder by {own_folders.CACHE_VARIABLE} or TMPDIR; commands try their output folder"
        return Finding("caches", "bad", "neither home nor a temporary folder can be written", advice)
    return _own("caches", own_folders.CACHE_VARIABLE, found.path, found.instead_of)


def _own(what: str, variable: str, path: Path, instead_of: Path | None) -> Finding:
    if instead_of is None:
        return Finding(what, "ok", str(path))
    detail = f"{path}, a temporary folder: {instead_of} cannot be written"
    return Finding(what, "ok", detail, f"name a folder that stays by {variable}")


def _folder(out: Path) -> Finding:
    # Only looked at, not made: doctor leaves nothing behind.
    from cli.outputs import prepare_folder
    from portrait_core.errors import OutputError

    place = next(folder for folder in (out.absolute(), *out.absolute().parents) if folder.exists())
    try:
        prepare_folder(place)
    except OutputError as error:
        return Finding("output folder", "bad", told(error), "choose another with --out")
    free = shutil.disk_usage(place).free
    if free < ENOUGH_DISK:
        return Finding("output folder", "bad", f"{out}: {free / 1e6:.0f} MB free", "make room on the disk")
    return Finding("output folder", "ok", f"{out} is writable, {free / 1e9:.1f} GB free")
