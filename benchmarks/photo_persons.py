# SPDX-License-Identifier: Apache-2.0
"""Whom an avatar from a photograph finds: persons of the model, drawn by the project and read as photographs.

    python -m benchmarks.photo_persons [--persons 60] [--first 0] [--among 224] [--no-glance] [--out FILE.jsonl]

Truth is known: colours, hair, age, gender and face of each person. No texture and no moves: what is measured is who of
the model's persons was found. Pictures are of the same renderer that the fit looks at, so photographs are harder. Rows
are added to ``--out`` as they are made, and those that are there are not made again. Needs ``portrait photo setup``.

The persons are none that the encoder was trained on: both are drawn by streams of their own.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from portrait_core.models.load import load_model
from portrait_core.parts.hair import BALD, style_of
from portrait_core.parts.likeness import Likeness
from portrait_core.person import PersonOfParts
from portrait_core.photo.bust_places import bust_places
from portrait_core.photo.estimate import estimate_portraits
from portrait_core.photo.identity_fit import Encoder, index_of, person_of
from portrait_core.photo.likeness import Wish, resemble
from portrait_core.photo.person_encoder import encoder_of
from portrait_core.photo.reading import Photograph, PhotographError
from portrait_core.pipeline.characters import bare_character
from portrait_core.portrait_model import PortraitModel
from portrait_core.progress import silent
from portrait_core.recipe import Recipe
from portrait_core.rendering.framing import frame_shoulders
from portrait_core.rendering.layered import LayeredScene

Floats = NDArray[np.float64]

SIDE = 640
TURNED, RAISED = 0.4, 0.12
"""Radians that cameras stand aside and above at most."""
COLOURS = ("skin", "hair", "clothing", "lips")
BARS = {
    "skin": 0.04,
    "hair": 0.03,
    "clothing": 0.06,
    "style": 0.80,
    "gender": 0.85,
    "age": 0.6,
    "face": 2.0,
    "first": 0.6,
}
FIRST = 0.6
TIED = ("ponytail01", "braid01", "cropped")
"""Styles that look the same to a camera in front: what tells them apart is behind the head."""
NEAR = 0.006
"""Metres from a landmark: controls that are the face's."""
SPREADS = {"skin": 0.05, "hair": 0.05, "clothing": 0.08, "lips": 0.06, "face": 1.0}
"""What one step of difference is, sRGB and millimetres, where persons are told apart."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=60)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--among", type=int, default=224)
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--no-glance", action="store_true", help="without the encoder of persons, as `portrait photo`")
    words = parser.parse_args()
    model = load_model("starter", "cpu")
    encoder = None if words.no_glance else encoder_of(model)
    rows: list[dict[str, Any]] = []
    if words.out and words.out.is_file():
        rows = [json.loads(line) for line in words.out.read_text(encoding="utf-8").splitlines()]
    made = {row["person"] for row in rows}
    others = [Known.of(model, drawn(10_000 + k)) for k in range(words.among - 1)]
    for number in range(words.first, words.first + words.persons):
        if number in made:
            continue
        rows.append(row_of(model, number, others, encoder))
        if words.out:
            with words.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(rows[-1]) + "\n")
    print(table(rows, words.among))


def drawn(number: int) -> Floats:
    """z of a person."""
    return np.random.default_rng([20_261_130, number]).normal(size=66)


class Known:
    """What persons are told apart by: the palette, the hair style's name and the face's controls, millimetres."""

    def __init__(self, palette: Mapping[str, Floats], style: str, face: Floats) -> None:
        self.palette, self.style, self.face = palette, style, face

    @classmethod
    def of(cls, model: PortraitModel, z: Floats, recipe: Recipe | None = None) -> Known:
        """The person of z, or the avatar of a recipe whose person it is."""
        person = person_of(model, z)
        look, template = person.look, person.parts_template
        style = style_of(look.styles, template.hair)
        if recipe is not None:
            look = Likeness.from_text(recipe.likeness).look(look, template.controls.places(look.coefficients))
            style = recipe.hair_style if recipe.hair_style != "auto" else style
            if recipe.hair == "none":
                style = "cropped" if Likeness.from_text(recipe.likeness).crop is not None else BALD
        face = template.controls.places(look.coefficients)[_face_rows(person)]
        return cls(look.palette, style, 1e3 * np.asarray(face))

    def far(self, other: Known) -> float:
        """How different two persons are."""
        parts = [
            self.colour_off(other, name) / SPREADS[name] for name in COLOURS if name != "hair" or self.haired(other)
        ]
        parts.append(self.face_off(other) / SPREADS["face"])
        return float(np.linalg.norm(parts)) + (0.0 if self.style == other.style else 1.0)

    def haired(self, other: Known) -> bool:
        return BALD not in (self.style, other.style)

    def colour_off(self, other: Known, name: str) -> float:
        """Mean absolute difference, sRGB 0 to 1."""
        return float(np.abs(np.asarray(self.palette[name]) - other.palette[name]).mean())

    def face_off(self, other: Known) -> float:
        """Mean distance, millimetres, of one face laid on the other (Kabsch 1976)."""
        one, two = (each - each.mean(axis=0) for each in (self.face, other.face))
        left, _, right = np.linalg.svd(one.T @ two)
        turn = left @ np.diag([1, 1, np.sign(np.linalg.det(left @ right))]) @ right
        return float(np.linalg.norm(one @ turn - two, axis=1).mean())


def _face_rows(person: PersonOfParts) -> NDArray[np.intp]:
    controls = np.asarray(person.parts_template.controls.mean, np.float64)
    middle = bust_places().face
    return np.flatnonzero(cKDTree(middle).query(controls)[0] < NEAR)


def row_of(model: PortraitModel, number: int, others: list[Known], encoder: Encoder | None = None) -> dict[str, Any]:
    """One person: drawn, read, and how far from the truth."""
    z = drawn(number)
    truth = Known.of(model, z)
    photograph = taken(model, z, number)
    begin = time.process_time()
    row: dict[str, Any] = {"person": number, "found": False}
    try:
        estimate = estimate_portraits(photograph, only=1)[0]
        found = resemble(photograph, estimate, model, Wish(texture=False, move=False), encoder=encoder)
    except PhotographError as error:
        return row | {"reason": error.reason}
    latent = np.asarray(found.recipe.latent)
    known = Known.of(model, latent, found.recipe)
    own = known.far(truth)
    numbers = {name: cast("int", index_of(model, name)) for name in ("gender", "age")}
    return row | {
        "found": True,
        "seconds": time.process_time() - begin,
        **{name: known.colour_off(truth, name) for name in COLOURS if name != "hair" or known.haired(truth)},
        "style": known.style == truth.style,
        "styles": [truth.style, known.style, *(each.style for each in found.hair)],
        "face": known.face_off(truth),
        "mean_face": Known.of(model, np.zeros(len(z))).face_off(truth),
        **{name: [float(z[index]), float(latent[index])] for name, index in numbers.items()},
        "rank": 1 + sum(known.far(each) < own for each in others),
    }


def taken(model: PortraitModel, z: Floats, number: int) -> Photograph:
    """Somebody as a camera sees him."""
    recipe = Recipe(latent=tuple(float(each) for each in z), topology="parts", face="none", texture_size=1024, lods=())
    avatar = bare_character(recipe, person_of(model, z), silent, "person")
    rng = np.random.default_rng([3, number])
    frame = frame_shoulders(avatar.main.vertices)
    camera = frame.camera(yaw=float(rng.uniform(-TURNED, TURNED)), pitch=float(rng.uniform(-RAISED, RAISED)))
    picture = LayeredScene(avatar.main, *avatar.posed()).render(camera.cam2world, camera.intrinsics, SIDE).image
    return Photograph(Path(f"person-{number}.png"), np.ascontiguousarray(picture[:, :, :3]))


def table(rows: list[dict[str, Any]], among: int) -> str:
    """Each figure beside its bar."""
    found = [row for row in rows if row["found"]]
    if not found:
        return "nobody was found"

    def mean(name: str) -> float:
        return float(np.mean([row[name] for row in found if name in row]))

    gender, age = (np.array([row[name] for row in found]) for name in ("gender", "age"))
    lines = [f"{len(found)} of {len(rows)} persons found, {mean('seconds'):.1f} CPU s each"]
    lines += [f"{name:9} {mean(name):.3f} sRGB   bar {BARS.get(name, '-')}" for name in COLOURS]
    told = np.mean([row["styles"][0] in row["styles"][1:] for row in found])
    alike = np.mean([row["style"] or (row["styles"][0] in TIED and row["styles"][1] in TIED) for row in found])
    lines += [
        f"style     {mean('style'):.0%} (among the three told {told:.0%})   bar {BARS['style']:.0%}",
        f"          {alike:.0%} where tied and close hair count as one, which nobody tells apart in front",
        f"gender    {np.mean((gender[:, 0] > 0) == (gender[:, 1] > 0)):.0%}   bar {BARS['gender']:.0%}",
        f"age       correlation {np.corrcoef(age.T)[0, 1]:.2f}   bar {BARS['age']}",
        f"face      {mean('face'):.2f} mm (mean head {mean('mean_face'):.2f})   bar {BARS['face']}",
        f"first     {np.mean([row['rank'] == 1 for row in found]):.0%} of {among}, among five "
        f"{np.mean([row['rank'] <= 5 for row in found]):.0%}   bar {FIRST:.0%}",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
