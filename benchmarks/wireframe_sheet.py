# SPDX-License-Identifier: Apache-2.0
"""A picture of a finished file's triangles: each level as a wireframe, and its UV sheet over the base colour.

    python -m benchmarks.wireframe_sheet OUT.png A.glb [--size 720] [--yaw 0.5]

Read back from the file alone, as ``contact_sheet`` does.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.contact_sheet import DISTANCE, FOCAL, Glb, Shown
from portrait_core.cameras import Camera
from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.imaging.images import write_png
from portrait_core.rendering.preview import Preview, directions_at

FINE = 3
"""Lines are drawn this much larger, then made smaller: smooth, and thinner than a pixel."""

INK = (38, 52, 74)
PAPER = (247, 247, 248)
NEAR = 0.004
"""Metres behind the first hit that still count as seen: a line lies in the surface."""


def edges(faces: NDArray[np.int32]) -> NDArray[np.int64]:
    """(E, 2) pairs of vertices, each once."""
    pairs = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).astype(np.int64), axis=1)
    return np.unique(pairs, axis=0)


def wireframe(shown: Shown, camera: Camera, size: int) -> NDArray[np.uint8]:
    """The shape in plain grey with the edges that the camera sees."""
    grey = np.full((2, 2, 3), 215, np.uint8)
    preview = Preview(shown.vertices, shown.normals, shown.faces, shown.uvs, grey)
    picture = preview.render(camera.cam2world, camera.intrinsics, size).image
    page = Image.fromarray(picture).resize((size * FINE, size * FINE), Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(page)
    local = (shown.vertices - camera.cam2world[:3, 3]) @ camera.cam2world[:3, :3]
    place = (local @ camera.intrinsics.T)[:, :2] / local[:, 2:]
    pairs = edges(shown.faces)
    middle = place[pairs].mean(axis=1).astype(np.float64)
    rays = directions_at(middle[:, 1], middle[:, 0], camera.cam2world, camera.intrinsics)
    hits = MeshQueries(shown.vertices, shown.faces).first_hits(camera.cam2world[:3, 3], rays)
    away = np.linalg.norm(local[pairs].mean(axis=1), axis=1)
    for first, second in (place[pairs[away <= hits.distance + NEAR]] * size * FINE).tolist():
        pen.line([*first, *second], fill=INK, width=2)
    return np.asarray(page.resize((size, size), Image.Resampling.LANCZOS))


def uv_sheet(shown: Shown, size: int) -> NDArray[np.uint8]:
    """The base colour with the outlines of the triangles."""
    page = Image.fromarray(shown.texture).resize((size * FINE, size * FINE), Image.Resampling.LANCZOS).convert("RGBA")
    lines = Image.new("RGBA", page.size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(lines)
    place = np.stack([shown.uvs[:, 0], 1.0 - shown.uvs[:, 1]], axis=1) * size * FINE
    for first, second in place[edges(shown.faces)].tolist():
        pen.line([*first, *second], fill=(*INK, 120), width=2)
    page = Image.alpha_composite(page, lines).convert("RGB")
    return np.asarray(page.resize((size, size), Image.Resampling.LANCZOS))


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.wireframe_sheet", description=__doc__)
    parser.add_argument("out", type=Path, help="the PNG to write")
    parser.add_argument("glb", type=Path, help="the file to picture")
    parser.add_argument("--size", type=int, default=720, help="pixels of one picture's side")
    parser.add_argument("--yaw", type=float, default=0.5, help="radians the camera goes around")
    options = parser.parse_args(arguments)
    glb = Glb(options.glb)
    camera = Camera.orbit(yaw=options.yaw, radius=DISTANCE, pivot=(0.0, 0.04, 0.0), focal=FOCAL)
    size, title = options.size, max(18, options.size // 22)
    levels = [glb.show(level) for level in range(glb.levels)]
    tiles = [(f"{len(each.faces):,} triangles", wireframe(each, camera, size)) for each in levels]
    tiles += [(f"UVs of {len(levels[0].faces):,}", uv_sheet(levels[0], size))]
    columns = 2
    rows = -(-len(tiles) // columns)
    gap = size // 48
    page = Image.new("RGB", (columns * (size + gap) + gap, rows * (size + title + gap) + gap), PAPER)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size=title * 0.62)
    for number, (label, tile) in enumerate(tiles):
        left, top = gap + number % columns * (size + gap), gap + number // columns * (size + title + gap)
        pen.text((left, top + title * 0.1), label, fill=(70, 72, 76), font=font)
        page.paste(Image.fromarray(tile), (left, top + title))
    print(write_png(np.asarray(page), options.out, overwrite=True))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
