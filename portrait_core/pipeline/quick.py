# SPDX-License-Identifier: Apache-2.0
"""A picture of a recipe in under a second: a coarse surface, no atlas, colours asked for where the camera looks."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, spatial

from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.cameras import Camera
from portrait_core.field import CutField, Field
from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.imaging.colour_space import linear_to_srgb
from portrait_core.person import Person, PersonOfParts
from portrait_core.pipeline.quick_parts import quick_character
from portrait_core.portrait_model import PortraitModel
from portrait_core.progress import Progress, silent
from portrait_core.recipe import Recipe
from portrait_core.rendering.framing import View, frame_bust, frame_head
from portrait_core.rendering.preview import Preview, ray_directions
from portrait_core.rig import bust_joints, joint_motions, skinned
from portrait_core.rig.skin import strongest
from portrait_core.shape import extract_surface, vertex_normals

__all__ = ["View", "quick_picture"]

LATTICE = 96
"""Cells along the box: the least at which lids and lips stay."""

SHARPER = 1.5
"""Edge of the picture of colours over that of the result."""

FRAYED = 0.6
"""Voxels within which a vertex belongs onto the plane of the shoulder cut."""

NEIGHBOURS = 6
"""Vertices of the template that a vertex takes its weights from."""

YAW = 0.35
"""The thumbnail's camera, radians."""


def quick_picture(
    recipe: Recipe, model: PortraitModel, size: int = 256, progress: Progress = silent, view: View = "bust"
) -> NDArray[np.uint8]:
    """A (size, size, 3) uint8 sRGB picture of ``recipe`` as its thumbnail will be, or of the head alone, from a coarse
    surface.

    Raises as :func:`portrait_core.pipeline.make_avatar`.
    """
    recipe.check(model.header)
    progress("latent", 0.0)
    person = model.person(recipe)
    if recipe.topology == "parts":
        return quick_character(recipe, cast(PersonOfParts, person), size, progress, view)
    field = person.field
    progress("surface", 0.2)
    raw = extract_surface(field, LATTICE)
    vertices = field.place(raw.vertices)
    if isinstance(field, CutField):
        vertices = _flattened(vertices, field.cut_planes(), float(np.ptp(field.bounds, axis=0).max()) / LATTICE)
    normals = vertex_normals(vertices, raw.faces)
    # Framed at rest, as the thumbnail is.
    framing = frame_head(vertices, _head(person)) if view == "head" else frame_bust(vertices)
    camera = framing.camera(yaw=YAW)
    if any(any(turn) for turn in recipe.pose.values()):
        progress("rig", 0.4)
        vertices, normals = _posed(recipe, person, vertices, normals)
    progress("texture", 0.5)
    colours, uvs = _seen_colours(field, raw.vertices, vertices, raw.faces, camera, int(size * SHARPER))
    progress("thumbnail", 0.7)
    scene = Preview(vertices, normals, raw.faces, uvs, colours)
    return scene.render(camera.cam2world, camera.intrinsics, size).image


def _head(person: Person) -> NDArray[np.float32]:
    """The joint of a person's head, world metres."""
    return np.asarray(person.joints[SMPL_JOINT_NAMES.index("head")], np.float32)


def _flattened(vertices: NDArray[np.float32], planes: NDArray[np.float32], voxel: float) -> NDArray[np.float32]:
    """``vertices`` (V, 3) with those next to a plane of the shoulder cut (K, 4) on it: a coarse lattice frays it."""
    for plane in planes:
        height = vertices @ plane[:3] - plane[3]
        near = np.abs(height) < FRAYED * voxel
        vertices = np.where(near[:, None], vertices - height[:, None] * plane[:3], vertices)
    return np.asarray(vertices, np.float32)


def _posed(
    recipe: Recipe,
    person: Person,
    vertices: NDArray[np.float32],
    normals: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Posed with the weights of the template's nearest vertices: close enough for a small picture."""
    template = bust_joints(person.template)
    away, nearest = spatial.cKDTree(template.vertices).query(vertices, k=NEIGHBOURS)
    share = 1.0 / (np.asarray(away, np.float64) + 1e-4) ** 2
    weights = np.einsum("vk,vkj->vj", share, template.weights[nearest].astype(np.float64))
    skin = strongest((weights / weights.sum(axis=1, keepdims=True)).astype(np.float32))
    pose = {joint: turn for joint, turn in recipe.pose.items() if joint in template.joint_names}
    motions = joint_motions(template.joint_names, template.parents, template.joints, pose)
    return skinned(vertices, normals, skin, motions)


def _seen_colours(
    field: Field,
    places: NDArray[np.float32],
    vertices: NDArray[np.float32],
    faces: NDArray[np.int32],
    camera: Camera,
    size: int,
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """sRGB colours (size, size, 3) as the camera sees the surface, and the vertices' places (V, 2) in that picture.

    ``places`` (V, 3) are the vertices in lattice space, where the field is asked.
    """
    directions = ray_directions(camera.cam2world, camera.intrinsics, size)
    hits = MeshQueries(vertices, faces).first_hits(camera.cam2world[:3, 3], directions)
    seen = hits.face >= 0
    points = hits.take(seen).interpolated(places, faces)
    image = np.zeros((size * size, 3), np.uint8)
    colours = linear_to_srgb(np.clip(field.colour(np.asarray(points, np.float32)), 0.0, 1.0))
    image[seen] = np.rint(colours * 255.0).astype(np.uint8)
    # The silhouette's pixels blend with their neighbours: those beyond it take the nearest colour.
    nearest = ndimage.distance_transform_edt(~seen.reshape(size, size), return_distances=False, return_indices=True)
    filled = image.reshape(size, size, 3)[nearest[0], nearest[1]]
    local = (vertices - camera.cam2world[:3, 3]) @ camera.cam2world[:3, :3]
    flat = local @ camera.intrinsics.T
    place = flat[:, :2] / flat[:, 2:]
    return filled, np.stack([place[:, 0], 1.0 - place[:, 1]], axis=1).astype(np.float32)
