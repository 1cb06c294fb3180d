# SPDX-License-Identifier: Apache-2.0
"""From a recipe to an avatar, through all rooms, in one direction. The only file that knows them all."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

import portrait_core
from portrait_core.avatar import Avatar, Level, Maps
from portrait_core.body.template import BodyTemplate
from portrait_core.cameras import Camera
from portrait_core.errors import ModelFileError, UsageError
from portrait_core.field import Field
from portrait_core.models.header import ModelHeader
from portrait_core.progress import Progress, silent
from portrait_core.recipe import Recipe
from portrait_core.rendering.framing import frame_bust
from portrait_core.rendering.preview import render_avatar
from portrait_core.rig import Skin, skin_from_template
from portrait_core.shape import Surface, decimate, extract_surface, vertex_normals
from portrait_core.suggest import suggestion
from textures import Atlas, bake_colour, unwrap

THUMBNAIL_SIZE = 512
FACE_FROM_HEAD_JOINT = (0.0, 0.02, 0.05)
FACE_REACH = 0.11
"""Metres: where the face lies from SMPL's head joint, and how far around it the texture is finest."""

_log = logging.getLogger("portraitkit")


class AvatarModel(Protocol):
    """What the pipeline asks of a model: a latent, the field of one identity, and the body template carried to it."""

    @property
    def header(self) -> ModelHeader:
        """What the model is: its name, licence, latent space and digest."""
        ...

    def latent(self, recipe: Recipe) -> NDArray[np.float32]:
        """z (1, z_dim) of a recipe; raises :class:`UsageError` for what the model does not know."""
        ...

    def field(self, z: NDArray[np.float32], psi: float) -> Field:
        """The bust of z (1, z_dim) at truncation ``psi``, as a function of space."""
        ...

    def template(self, z: NDArray[np.float32], psi: float) -> BodyTemplate:
        """The model's body template in the un-posed world of this identity."""
        ...


class RenderingModel(AvatarModel, Protocol):
    """A model that can also render its field as a volume."""

    def render(
        self,
        z: NDArray[np.float32],
        psi: float,
        camera: Camera,
        pose: dict[str, tuple[float, float, float]],
        size: int,
    ) -> dict[str, NDArray[Any]]:
        """``image`` (size, size, 3) uint8 sRGB, ``depth`` (size, size) float32 metres, ``mask`` (size, size) 0 to 1."""
        ...


def make_avatar(
    recipe: Recipe, model: AvatarModel, progress: Progress = silent, *, name: str | None = None
) -> Avatar:
    """Make the avatar of ``recipe`` with ``model``; the same recipe and model give the same avatar.

    ``name`` defaults to ``{model}-{seed}``. ``progress`` hears of each stage and may cancel by raising. Raises
    :class:`UsageError` for recipes that the model cannot make and :class:`ModelFileError` for a model whose field is no
    bust.
    """
    header = model.header
    recipe.check(header)
    progress("latent", 0.0)
    z = model.latent(recipe)
    if z.shape != (1, header.latent.z_dim) or not bool(np.isfinite(z).all()):
        raise UsageError(f"latent: expected {header.latent.z_dim} finite numbers, got shape {z.shape}.")
    field = model.field(z, recipe.psi)
    template = model.template(z, recipe.psi)
    for joint in recipe.pose:
        if joint not in template.joint_names:
            hint = suggestion(joint, template.joint_names, what="joints of this model")
            raise UsageError(f"the pose turns {joint}, which model {header.name} does not have. {hint}")

    lattice_surface = extract_surface(field, recipe.lattice, progress=progress)
    progress("simplify", 0.0)
    lattice_surface = decimate(lattice_surface, recipe.faces)
    progress("place", 0.0)
    surface = Surface(field.place(lattice_surface.vertices), lattice_surface.faces)
    if not bool(np.isfinite(surface.vertices).all()):
        raise ModelFileError(f"model {header.name}: its field places vertices at values that are not finite.")
    normals = vertex_normals(surface.vertices, surface.faces)

    template = model.template(z, recipe.psi)
    progress("unwrap", 0.0)
    atlas = _unwrap(_face_first(surface, template), recipe.texture_size)
    # The colour is asked in lattice space, where the field lives, at the places of the same triangles.
    base_colour = bake_colour(
        atlas.faces,
        atlas.uvs,
        lattice_surface.vertices[atlas.vertex_map],
        field.colour,
        recipe.texture_size,
        progress=progress,
    )

    progress("rig", 0.0)
    skin = skin_from_template(template, surface.vertices, normals)

    avatar = Avatar(
        name=name or f"{header.name}-{recipe.label()}",
        levels=(
            Level(
                vertices=surface.vertices[atlas.vertex_map],
                normals=normals[atlas.vertex_map],
                faces=atlas.faces,
                uvs=atlas.uvs,
                skin=Skin(skin.joints[atlas.vertex_map], skin.weights[atlas.vertex_map]),
                maps=Maps(base_colour),
            ),
        ),
        joint_names=template.joint_names,
        parents=template.parents,
        joints=template.joints,
        pose=dict(recipe.pose),
        recipe=recipe.facts(),
        provenance=provenance(header),
    )
    progress("thumbnail", 0.0)
    avatar = replace(avatar, thumbnail=thumbnail(avatar))
    progress("thumbnail", 1.0)
    _log.info("%s: %d vertices, %d faces", avatar.name, len(avatar.main.vertices), len(avatar.main.faces))
    return avatar


def provenance(header: ModelHeader) -> dict[str, Any]:
    """What a file says of where it comes from: engine, model and digest, licences, training data; plain JSON data."""
    return {
        "engine": "portraitkit",
        "version": portrait_core.__version__,
        "model": {"name": header.name, "digest": header.digest, "licence": header.licence},
        "training": {"data": header.training.data, "data_licence": header.training.data_licence},
        "units": "metres",
    }


def thumbnail(avatar: Avatar, size: int = THUMBNAIL_SIZE) -> NDArray[np.uint8]:
    """A (size, size, 3) uint8 sRGB picture of the posed avatar, slightly from its left."""
    return render_avatar(avatar, frame_bust(avatar.main.vertices).camera(yaw=0.35), size).image


def _face_first(surface: Surface, template: BodyTemplate) -> Surface:
    """The surface as the unwrap sees it: shrunk away from the face, which so gets more of the texture.

    Each axis is bent by asinh around a point behind the eyes; at the shoulders lengths come out at about half.
    """
    head = template.joints[template.joint_names.index("head")] if "head" in template.joint_names else np.zeros(3)
    focus = np.asarray(head + FACE_FROM_HEAD_JOINT, np.float32)
    bent = FACE_REACH * np.arcsinh((surface.vertices - focus) / FACE_REACH)
    return Surface(bent.astype(np.float32), surface.faces)


def _unwrap(surface: Surface, texture_size: int) -> Atlas:
    # Four texels at 1024: enough for two mip levels without bleeding, and the same share of the image at any size.
    padding = max(1, texture_size // 256)
    try:
        return unwrap(surface.vertices, surface.faces, resolution=texture_size, padding=padding)
    except ValueError as error:
        raise UsageError(
            f"{len(surface.faces)} faces cannot be unwrapped into {texture_size} x {texture_size} texels ({error}). "
            "Ask for a larger texture or fewer faces."
        ) from error
