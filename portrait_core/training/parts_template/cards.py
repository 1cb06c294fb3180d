# SPDX-License-Identifier: Apache-2.0
"""Lashes and brows: cards of the CC0 base assets with their own places in small pictures of hairs."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from portrait_core.parts.styles import BROWS, LASHES
from portrait_core.training.parts_template.proxy_mesh import Proxy, read_proxy
from portrait_core.training.parts_template.whole_mesh import WholeMesh
from portrait_core.world.assets import AssetFolders

LASH_STYLES = tuple(name for _, name in LASHES)
MARGIN = 3
"""Texels around the polygons that are kept, for filtering."""
STRAY = 0.02
"""Share of all hair below which a tuft of a brow that lies apart is left out."""
FAINT, NEAR = 24, 3
"""Alpha above which there is hair, and texels within which hairs belong together."""
BROW_STYLES = tuple(sorted({name for table in BROWS.values() for _, name in table}))


def cards(mesh: WholeMesh, assets: AssetFolders) -> dict[str, Proxy]:
    """The proxies ``lashes.<style>`` and ``brows.<style>``."""
    return {name: read_proxy(path.with_suffix(".mhclo"), len(mesh.rest)) for name, path in _files(assets).items()}


def card_images(proxies: dict[str, Proxy], assets: AssetFolders) -> dict[str, NDArray[np.uint8]]:
    """For every style a PNG file (N,) uint8 of one channel: how much of each texel a hair covers."""
    files = _files(assets)
    return {
        name: coverage(files[name].with_suffix(".png"), p.uvs[p.corners], STRAY if name.startswith("brows.") else 0.0)
        for name, p in proxies.items()
    }


def coverage(path: Path, corner_uvs: NDArray[np.floating], stray: float = 0.0) -> NDArray[np.uint8]:
    """The alpha of a picture as a PNG file of one channel, where polygons with these places (F, 4, 2) show it; what
    else is in the picture, such as a maker's mark in its margin, is left out; so are hairs that lie apart and are less
    than the share ``stray`` of all.

    Raises ``ValueError`` for a picture without alpha.
    """
    with Image.open(path) as image:
        if "A" not in image.getbands():
            raise ValueError(f"{path.name} has no alpha: expected a picture of hairs")
        alpha = image.getchannel("A")
    shown = Image.new("L", alpha.size, 0)
    pen = ImageDraw.Draw(shown)
    for polygon in corner_uvs * alpha.size:
        corners = [(float(x), alpha.size[1] - float(y)) for x, y in polygon]
        pen.polygon(corners, fill=255, outline=255, width=2 * MARGIN)
    values = np.where(np.asarray(shown) > 0, np.asarray(alpha), 0).astype(np.uint8)
    label, pieces = ndimage.label(ndimage.binary_dilation(values > FAINT, iterations=NEAR))
    sizes = ndimage.sum_labels(values, label, np.arange(pieces + 1))
    kept = Image.fromarray(np.where((sizes >= stray * sizes[1:].sum())[label], values, 0).astype(np.uint8))
    buffer = io.BytesIO()
    kept.save(buffer, "PNG", optimize=True)
    return np.frombuffer(buffer.getvalue(), np.uint8).copy()


def _files(assets: AssetFolders) -> dict[str, Path]:
    folders = (("lashes", "eyelashes", LASH_STYLES), ("brows", "eyebrows", BROW_STYLES))
    return {
        f"{room}.{style}": assets.makehuman / folder / style / style
        for room, folder, styles in folders
        for style in styles
    }
