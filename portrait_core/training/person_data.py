# SPDX-License-Identifier: Apache-2.0
"""Heads of a model's persons as photographs show them, with what is known of each: what the network that tells persons
(:mod:`portrait_core.photo.person_network`) learns from.

Persons are drawn as the model draws them and made of parts, half of them with an expression.
The face's landmarks are read by the same networks that read photographs. Blocks of persons are files of their own, so
that a run which was stopped goes on; person ``n`` follows from ``n`` alone.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.spatial import cKDTree

from portrait_core.cameras import Camera
from portrait_core.errors import UsageError
from portrait_core.files.whole_file import whole_file
from portrait_core.parts.hair import style_of
from portrait_core.person import PersonOfParts
from portrait_core.photo.bust_places import bust_places
from portrait_core.photo.crop import FloatArray
from portrait_core.photo.face_landmarks import look_again
from portrait_core.photo.face_regions import CHIN, FOREHEAD
from portrait_core.photo.identity_fit import person_of
from portrait_core.pipeline.characters import bare_character
from portrait_core.portrait_model import PortraitModel
from portrait_core.progress import Progress, silent
from portrait_core.recipe import Recipe
from portrait_core.rendering.framing import frame_shoulders
from portrait_core.rendering.layered import LayeredScene
from portrait_core.rendering.vertex_shares import GLANCE

BLOCK = 20
"""Persons of a file."""
VIEWS = 1
"""Cameras that look at a person: one more person tells more than another picture of one."""
READ, KEPT = 256, 128
"""Pixels of a side in which landmarks are read, and that are kept."""
AROUND = 2.9
"""Side of the picture, in heights of the face."""
YAW, PITCH = 0.8, 0.35
"""Radians that cameras stand aside and above at most."""
STREAM = 20_261_201
"""The random numbers of these persons; no other part of the project draws from them."""
EXPRESSIONS: tuple[tuple[tuple[str, ...], float], ...] = (
    (("mouthSmileLeft", "mouthSmileRight"), 1.0),
    (("jawOpen",), 0.5),
    (("browInnerUp",), 0.7),
    (("browDownLeft", "browDownRight"), 0.7),
    (("eyeSquintLeft", "eyeSquintRight"), 0.8),
    (("mouthPucker",), 0.5),
)
"""Shapes that faces are given, and how far at most."""


@dataclass(frozen=True)
class PersonData:
    """``pictures`` (N, KEPT, KEPT, 4) uint8, sRGB and how much of the person each pixel shows; ``points`` (N, 478, 3)
    landmarks in sides of the picture; ``latents`` (N, z_dim); ``styles`` (N,) names of hair styles; ``persons`` (N,)
    numbers."""

    pictures: NDArray[np.uint8]
    points: NDArray[np.float32]
    latents: NDArray[np.float32]
    styles: NDArray[np.str_]
    persons: NDArray[np.int64]

    def to_file(self, path: Path) -> None:
        """Write it whole or not at all."""
        with whole_file(path, overwrite=True) as temporary, temporary.open("wb") as stream:
            np.savez(stream, **self.__dict__)

    @classmethod
    def from_files(cls, paths: Sequence[Path]) -> PersonData:
        """All of some files. Raises :class:`UsageError` for one that is damaged."""
        found: list[dict[str, NDArray[Any]]] = []
        for path in paths:
            try:
                with np.load(path) as arrays:
                    found.append({name: arrays[name] for name in cls.__dataclass_fields__})
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
                raise UsageError(
                    f"{path}: is no whole file of persons ({error}). Delete it; it is made anew."
                ) from None
        return cls(**{name: np.concatenate([each[name] for each in found]) for name in cls.__dataclass_fields__})

    def of(self, rows: NDArray[np.bool_]) -> PersonData:
        """A part of it."""
        return PersonData(**{name: value[rows] for name, value in self.__dict__.items()})


def make_person_data(model: PortraitModel, folder: Path, count: int, progress: Progress = silent) -> PersonData:
    """``count`` persons (at least a block of :data:`BLOCK`), of whom ``folder`` may hold some already."""
    paths = [folder / f"persons-{first:06d}.npz" for first in range(0, count, BLOCK)]
    folder.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(paths):
        progress("persons", number / len(paths))
        if path.is_file():
            continue
        rows = [row for k in range(BLOCK) for row in heads_of(model, number * BLOCK + k)]
        PersonData(
            np.stack([row.picture for row in rows]),
            np.stack([row.points for row in rows]),
            np.stack([row.latent for row in rows]),
            np.array([row.style for row in rows]),
            np.array([row.person for row in rows]),
        ).to_file(path)
    progress("persons", 1.0)
    return PersonData.from_files(paths)


@dataclass(frozen=True, eq=False)
class HeadOfPerson:
    """One row of :class:`PersonData`."""

    picture: NDArray[np.uint8]
    points: NDArray[np.float32]
    latent: NDArray[np.float32]
    style: str
    person: int


def heads_of(model: PortraitModel, number: int) -> list[HeadOfPerson]:
    """Person ``number`` as :data:`VIEWS` cameras see the head, fewer where no face is found in a picture."""
    rng = np.random.default_rng([STREAM, number])
    z = rng.normal(size=model.header.latent.z_dim)
    person = person_of(model, z)
    recipe = Recipe(
        model=model.header.name,
        latent=tuple(float(each) for each in z),
        topology="parts",
        face="none",
        texture_size=256,
        lods=(),
        normal_map=False,
        faces=20_000,
        expression=_expression(rng),
    )
    avatar = bare_character(recipe, person, silent, "person")
    places, normals = avatar.posed()
    scene, frame = LayeredScene(avatar.main, places, normals, GLANCE), frame_shoulders(places)
    face = _face_of(person)
    style = style_of(person.look.styles, person.parts_template.hair)
    found: list[HeadOfPerson] = []
    for _ in range(VIEWS):
        # Most people look into cameras: angles about the middle are drawn more often.
        yaw, pitch = rng.triangular(-YAW, 0, YAW), rng.triangular(-PITCH, 0, PITCH)
        near = head_camera(frame.camera(yaw=float(yaw), pitch=float(pitch)), face)
        shown = scene.render(near.cam2world, near.intrinsics, READ, supersampling=1)
        points = look_again(shown.image, _seen(near, face) * READ)
        if points.score < 0.5:
            continue
        whole = np.concatenate([shown.image, np.rint(shown.mask * 255).astype(np.uint8)[..., None]], axis=-1)
        kept = np.asarray(Image.fromarray(whole).resize((KEPT, KEPT), Image.Resampling.BOX))
        found.append(HeadOfPerson(kept, (points.points / READ).astype(np.float32), z.astype(np.float32), style, number))
    return found


def head_camera(camera: Camera, face: FloatArray) -> Camera:
    """The same camera closer to the landmarks (468, 3) metres, as pictures of heads are cut."""
    seen = _seen(camera, face)
    side = AROUND * float(np.linalg.norm(seen[FOREHEAD] - seen[CHIN]))
    low = seen.mean(axis=0) - side / 2
    lens = camera.intrinsics.astype(np.float64).copy()
    lens[:2, 2] -= low
    lens[:2] /= side
    return Camera(camera.cam2world, lens.astype(np.float32))


def _seen(camera: Camera, places: FloatArray) -> FloatArray:
    """(N, 2): where places are seen, 0 to 1."""
    turned = (places - camera.cam2world[:3, 3]) @ camera.cam2world[:3, :3].astype(np.float64)
    flat = turned @ camera.intrinsics.astype(np.float64).T
    return np.asarray(flat[:, :2] / flat[:, 2:], np.float64)


def _face_of(person: PersonOfParts) -> FloatArray:
    """(468, 3): where about a person's landmarks are: those of the mean face, moved as the nearest controls are."""
    controls, face = person.parts_template.controls, bust_places().face
    rows = cKDTree(np.asarray(controls.mean, np.float64)).query(face)[1]
    return np.asarray(face + (controls.places(person.look.coefficients) - controls.mean)[rows], np.float64)


def _expression(rng: np.random.Generator) -> dict[str, float]:
    if rng.random() < 0.5:
        return {}
    weights: dict[str, float] = {}
    for names, most in EXPRESSIONS:
        if rng.random() < 0.4:
            weight = round(float(rng.uniform(0, most)), 3)
            weights |= dict.fromkeys(names, weight)
    return weights
