# SPDX-License-Identifier: Apache-2.0
"""``portrait generate``: seeds in, avatars out."""

from __future__ import annotations

import time
from pathlib import Path

from cli import options
from cli.outputs import prepare_folder, refuse_existing
from cli.show import Show


def generate(
    seed: options.Seeds = None,
    latent: options.LatentFile = None,
    settings: options.Settings = None,
    psi: options.Psi = 1.0,
    pose: options.Pose = None,
    faces: options.Faces = 20_000,
    texture_size: options.TextureSize = 1024,
    lattice: options.LatticeSize = 256,
    out: options.OutFolder = Path("avatars"),
    name: options.NamePattern = options.DEFAULT_NAME,
    model: options.Model = "starter",
    overwrite: options.Overwrite = False,
    device: options.Device = "auto",
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Make avatars: a rigged, textured .glb with a thumbnail beside it for every seed."""
    show = Show(as_json=as_json, quiet=quiet)
    order = options.take_order(
        model=model,
        seeds=seed,
        latent=latent,
        settings=settings,
        pose=pose,
        name=name,
        psi=psi,
        faces=faces,
        texture_size=texture_size,
        lattice=lattice,
    )
    paths = [out / f"{each}.glb" for each in order.names]
    # Each avatar is two files: the thumbnail lies beside the .glb.
    refuse_existing((file for path in paths for file in (path, path.with_suffix(".png"))), overwrite=overwrite)
    prepare_folder(out)

    with show.progress("loading", total=len(paths)) as watcher:
        watcher.begin("loading")
        watcher("model", 0.0)
        from portrait_core.devices import choose_device
        from portrait_core.formats.gltf import write_glb
        from portrait_core.generator_model import load_avatar_model
        from portrait_core.pipeline import make_avatar

        loaded = load_avatar_model(str(order.model), str(choose_device(device)))
        for recipe, path in zip(order.recipes, paths, strict=True):
            begin = time.perf_counter()
            watcher.begin(path.stem)
            avatar = make_avatar(recipe, loaded, watcher, name=path.stem)
            watcher("write", 0.0)
            written = write_glb(avatar, path, overwrite=overwrite)
            stages = watcher.finish()
            seconds = time.perf_counter() - begin
            show.result(
                f"{written}  {len(avatar.main.faces)} faces  {seconds:.1f} s",
                {
                    "event": "avatar",
                    "path": str(written),
                    "name": avatar.name,
                    "model": order.header.name,
                    "recipe": recipe.facts(),
                    "faces": len(avatar.main.faces),
                    "vertices": len(avatar.main.vertices),
                    "bytes": written.stat().st_size,
                    "seconds": round(seconds, 3),
                    "stages": stages,
                },
            )
