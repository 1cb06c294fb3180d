# SPDX-License-Identifier: Apache-2.0
"""Skin weights carried from the body template to a new surface."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import spatial

from portrait_core.body.template import BodyTemplate
from portrait_core.geometry.barycentric import closest_barycentric
from portrait_core.geometry.mesh_queries import closest_points
from portrait_core.rig.skin import Skin, strongest
from portrait_core.rig.vertex_graph import VertexGraph
from portrait_core.rig.weight_smoothing import eased

ARMS_FROM, ARMS_TO = 0.02, 0.2
"""Weights of neck and head together between which the shoulder joints fade out of the skin."""
ARMS_LEAST = 0.08
"""Weights of shoulder joints that are let go of there."""
DETOUR = 0.03
"""Metres that a better place on the template may be farther than the nearest one, if that one faces the wrong way."""

CANDIDATES = 48
"""Triangles looked at for a better place."""

REACH = 0.02
"""Metres: a template place farther than this says nothing about a vertex."""

AGREEMENT = 0.5
"""Least cosine between the normals of a vertex and its template place; decimating a surface turns them by less."""


def skin_from_template(
    template: BodyTemplate,
    vertices: NDArray[np.float32],
    normals: NDArray[np.float32],
    faces: NDArray[np.int32] | None = None,
) -> Skin:
    """Skin of a surface near ``template``: at each vertex the template's weights at its nearest place that fits.

    ``vertices`` (V, 3) world metres, unit ``normals`` (V, 3) and ``faces`` (F, 3) of the surface; the result has V rows
    and indexes ``template.joint_names``. Without faces near vertices count as neighbours. Where the nearest triangle
    faces away (the inside of a lip, hair over a shoulder), the nearest one within `DETOUR` that faces the same way is
    taken instead. Vertices for which no place within `REACH` faces the same way get a smooth continuation of the
    others' weights. Then weights are eased, so that no edge stretches much (`weight_smoothing`), and the four strongest
    joints stay. Raises ``ValueError`` for shapes that do not fit.
    """
    if vertices.shape != normals.shape or vertices.ndim != 2 or vertices.shape[1] != 3:
        raise ValueError(f"skin: vertices and normals must be (V, 3), got {vertices.shape} and {normals.shape}")
    if faces is not None and (faces.ndim != 2 or faces.shape[1] != 3):
        raise ValueError(f"skin: faces must be (F, 3), got {faces.shape}")
    if len(template.faces) == 0:
        raise ValueError("skin: the body template has no faces")
    dense, fits = transferred(template, vertices, normals)
    graph = VertexGraph.of_neighbours(vertices, normals) if faces is None else VertexGraph.of_faces(vertices, faces)
    if fits.any():
        dense = np.clip(graph.inpainted(dense, fits), 0.0, 1.0)
        dense /= np.maximum(dense.sum(axis=1, keepdims=True), 1e-12)
    smooth = eased(dense, graph, vertices, template.joints, template.parents, faces=faces)
    return strongest(without_arms(smooth, template.joint_names).astype(np.float32))


def without_arms(weights: NDArray[np.float64], names: tuple[str, ...]) -> NDArray[np.float64]:
    """Weights (V, J) whose shoulder joints hand up to `ARMS_LEAST` of theirs to the collars beside the neck.

    There spine, neck, head, collar and shoulder meet, one more than a vertex may have, and the choice among them would
    tear the skin. The shoulder's share is a few hundredths there.
    """
    high = sum(weights[:, names.index(name)] for name in ("neck", "head"))
    share = np.clip((np.asarray(high) - ARMS_FROM) / (ARMS_TO - ARMS_FROM), 0.0, 1.0)
    share = share * share * (3.0 - 2.0 * share)
    weights = weights.copy()
    for side in ("left", "right"):
        arm, collar = names.index(f"{side}_shoulder"), names.index(f"{side}_collar")
        moved = share * np.minimum(weights[:, arm], ARMS_LEAST)
        weights[:, collar] += moved
        weights[:, arm] -= moved
    return weights


def transferred(
    template: BodyTemplate, vertices: NDArray[np.float32], normals: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Weights (V, J) at each vertex's place on the template, and whether that place is near and faces the same way."""
    triangles = template.vertices[template.faces].astype(np.float64)
    index, _, distance = closest_points(template.vertices, template.faces)(vertices)
    face = _facing(vertices, normals, triangles, index.astype(np.int64), distance.astype(np.float64))
    corner = closest_barycentric(vertices.astype(np.float64), triangles[face])
    dense = np.einsum("vk,vkj->vj", corner, template.weights[template.faces[face]].astype(np.float64))
    place = np.einsum("vk,vki->vi", corner, triangles[face])
    near = np.linalg.norm(place - vertices, axis=1) <= REACH
    agrees = np.einsum("vi,vi->v", _face_normals(triangles)[face], normals.astype(np.float64)) >= AGREEMENT
    return dense, near & agrees


def _face_normals(triangles: NDArray[np.float64]) -> NDArray[np.float64]:
    cross = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    return cross / np.maximum(np.linalg.norm(cross, axis=1, keepdims=True), 1e-30)


def _facing(
    vertices: NDArray[np.float32],
    normals: NDArray[np.float32],
    triangles: NDArray[np.float64],
    face: NDArray[np.int64],
    distance: NDArray[np.float64],
) -> NDArray[np.int64]:
    """``face``, with wrong-facing choices replaced where a right-facing triangle is hardly farther."""
    face_normal = _face_normals(triangles)
    wrong = np.flatnonzero(np.einsum("vi,vi->v", face_normal[face], normals) < 0.0)
    if len(wrong) == 0:
        return face
    count = min(CANDIDATES, len(triangles))
    _, found = spatial.cKDTree(triangles.mean(axis=1)).query(vertices[wrong], k=count)
    found = np.asarray(found, np.int64).reshape(len(wrong), count)
    points = np.repeat(vertices[wrong].astype(np.float64), count, axis=0)
    corners = triangles[found.ravel()]
    place = np.einsum("vk,vki->vi", closest_barycentric(points, corners), corners)
    far = np.linalg.norm(place - points, axis=1).reshape(found.shape)
    agrees = np.einsum("vki,vi->vk", face_normal[found], normals[wrong].astype(np.float64)) > 0.0
    far = np.where(agrees & (far <= distance[wrong, None] + DETOUR), far, np.inf)
    best = far.argmin(axis=1)
    better = np.isfinite(far[np.arange(len(wrong)), best])
    result = face.copy()
    result[wrong[better]] = found[np.arange(len(wrong)), best][better]
    return result
