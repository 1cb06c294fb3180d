# SPDX-License-Identifier: Apache-2.0
"""Whether stripes of striped persons can be told: ``python -m benchmarks.parts_stripes [--model NAME] [--first N]
[--seeds N]``.

The cloth's map of a person is read at the texels of the outer face: how far apart, in the eye's units (CIELAB, 1976),
the mean colours of stripes and of what is between them are, beside those of the person's two colours; and how much of
what changes along the cloth follows the stripes. Below two units nobody sees a difference.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from portrait_core.imaging.cielab import cielab
from portrait_core.models.load import load_model
from portrait_core.parts.cloth_colours import STRIPES, cloth_colours, worn_heights
from portrait_core.parts.garment import STRIPED, Garment
from portrait_core.parts.part_mesh import triangles_of_quads
from portrait_core.parts.person_look import PersonLook
from portrait_core.person import PersonOfParts
from portrait_core.pipeline.characters import figure_of
from portrait_core.recipe import Recipe
from textures.raster import cover_texels

FIRST = 9000
"""The first of the seeds that nothing was tuned on."""

SIZE = 512
"""Texels along a map: half of what avatars have."""

WITHIN = 0.4
"""Sines beyond which a texel counts as one of a stripe, or as one between."""

LEAST = {"contrast": 5.0, "follows": 0.5}
"""What a striped person must have at least: units between the two mean colours, and the share of the map's changes that
stripes make."""


def measured(
    garment: Garment, look: PersonLook, image: NDArray[np.uint8], heights: NDArray[np.float32]
) -> dict[str, float]:
    """``contrast``, ``wanted`` (of the two colours) and ``follows`` of a garment's map ``image`` (S, S, 3), with the
    ``heights`` (U,) of its places in the texture, metres above the eyes."""
    faces, _ = triangles_of_quads(garment.corners)
    texels = cover_texels(faces, garment.uvs, len(image))
    height = texels.interpolate(faces, heights[:, None].astype(np.float32))[:, 0]
    lab = cielab(image[texels.row, texels.column] / 255)
    sine = np.sin(height * STRIPES)
    on, off = lab[sine > WITHIN], lab[sine < -WITHIN]
    way = on.mean(axis=0) - off.mean(axis=0)
    contrast = float(np.linalg.norm(way))
    along = np.concatenate([on, off]) @ (way / max(contrast, 1e-9))
    between = float(contrast**2 * len(on) * len(off) / (len(on) + len(off)) ** 2)
    wanted = cielab(look.palette["clothing"]) - cielab(look.palette["stripes"])
    return {
        "contrast": contrast,
        "wanted": float(np.linalg.norm(wanted)),
        "follows": between / max(float(along.var()), 1e-9),
    }


def stripes_of(person: PersonOfParts, recipe: Recipe) -> dict[str, float]:
    """:func:`measured` of what a person wears."""
    figure = figure_of(recipe, person)
    garment = figure.garment
    assert garment is not None
    heights = worn_heights(garment, figure.body, figure.template.rest)
    image = cloth_colours(garment, person.look, SIZE, lambda: heights)
    return measured(garment, person.look, image, heights)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="starter", help="a model's name or file")
    parser.add_argument("--first", type=int, default=FIRST)
    parser.add_argument("--seeds", type=int, default=64)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "parts_stripes.json")
    given = parser.parse_args()
    model = load_model(given.model, "cpu")
    rows: list[dict[str, Any]] = []
    for seed in range(given.first, given.first + given.seeds):
        recipe = Recipe(model=given.model, seed=seed, topology="parts")
        person = cast(PersonOfParts, model.person(recipe))
        if person.look.scalars["stripes"] > STRIPED:
            rows.append({"seed": seed, **stripes_of(person, recipe)})
            print(json.dumps(rows[-1]), flush=True)
    result = {
        "persons": given.seeds,
        "striped": len(rows),
        "least": {name: round(min(row[name] for row in rows), 3) for name in (*LEAST, "wanted")},
        "failed": {name: sum(row[name] < limit for row in rows) for name, limit in LEAST.items()},
    }
    given.out.write_text(json.dumps({"limits": LEAST, **result}, indent=1) + "\n")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
