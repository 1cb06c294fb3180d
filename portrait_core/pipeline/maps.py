# SPDX-License-Identifier: Apache-2.0
"""The maps of one atlas: base colour, roughness, normals, occlusion."""

from __future__ import annotations

import math
from concurrent.futures import Executor, Future
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Level, Maps, Mesh
from portrait_core.cameras import Camera
from portrait_core.errors import UsageError, remedy
from portrait_core.field import Field, MaterialField
from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.imaging.colour_space import srgb_to_linear
from portrait_core.imaging.halve import half_side, halved
from portrait_core.maps import MAPS
from portrait_core.person import Person
from portrait_core.progress import Progress
from portrait_core.recipe import Recipe
from portrait_core.runtime.threads import thread_count
from portrait_core.runtime.torch_threads import one_torch_thread
from portrait_core.shape.reference_surface import DenseSurface
from textures import View, bake_colour, bake_materials, bake_views
from textures.bake import THREADS as BAKE_THREADS
from textures.normal_map import normal_map
from textures.occlusion import occlusion, occlusion_map, smooth_over_edges

NORMAL_REACH = 0.004
"""Metres from the mesh within which the dense surface's normal is looked for."""

VIEW_YAWS = 12
VIEW_PITCHES = (-0.35, 0.0, 0.45)
VIEW_SIZE = 512
VIEW_EDGE = 8
"""Cameras around the bust for a texture from pictures, and how many pixels along their edges are not trusted."""


@dataclass(frozen=True)
class Canvas(Mesh):
    """A mesh with its atlas, in world metres: what maps are painted on."""

    @property
    def lattice(self) -> NDArray[np.float32]:
        """(V, 3) the vertices' places in the field's own space."""
        return self.data["lattice"]

    @property
    def welded(self) -> NDArray[np.int32]:
        """(V,) numbers vertices that are one before the atlas cut them."""
        return self.data["welded"]

    def level(self, maps: Maps) -> Level:
        """The mesh, with its skin by now, as a level of detail with its maps."""
        return Level(self.data.finished(maps), self.faces, maps)


@dataclass(frozen=True)
class Painter:
    """All that maps are painted from."""

    recipe: Recipe
    person: Person
    field: Field
    dense: Future[DenseSurface]
    pool: Executor

    def paint(
        self,
        canvas: Canvas,
        size: int,
        progress: Progress,
        *,
        shown: NDArray[np.int32] | None = None,
        laid: NDArray[np.int32] | None = None,
    ) -> Maps:
        """The maps that the recipe asks for, ``size`` texels wide.

        ``shown`` (F, 3) are those faces of the canvas that lie in these images; all of them where it is not given.
        Others shade them all the same. ``laid`` (F, 3) are the same faces over fewer vertices, where the canvas has
        several for one place in the image: faces are then neighbours there.
        """
        faces = canvas.faces if shown is None else shown
        laid = faces if laid is None else laid
        normals = self.pool.submit(self._normals, canvas, faces, size) if self.recipe.normal_map else None
        base_colour, roughness = self._colour(canvas, laid, size, progress)
        normal = None
        if normals is not None:
            progress("normals", 0.0)
            normal = normals.result()
        shade = self._occlusion(canvas, laid, half_side(size), progress) if self.recipe.occlusion else None
        return Maps(base_colour=base_colour, normal=normal, orm=packed(shade, roughness))

    def _normals(self, canvas: Canvas, faces: NDArray[np.int32], size: int) -> NDArray[np.uint8]:
        dense = self.dense.result()
        return normal_map(
            faces,
            canvas.uvs,
            canvas.vertices,
            canvas.normals,
            canvas.data["tangents"],
            size,
            dense_faces=dense.surface.faces,
            dense_normals=dense.normals,
            closest=dense.closest,
            reach=NORMAL_REACH,
            detail=dense.edge,
        )

    def _colour(
        self, canvas: Canvas, faces: NDArray[np.int32], size: int, progress: Progress
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
        field, person = self.field, self.person
        places = canvas.lattice
        sharper = "sharper_pictures" in person.capabilities
        if self.recipe.texture == "views" and "render" not in person.capabilities:
            raise UsageError(
                f"model {person.header.name} makes no pictures of its own.",
                remedy=remedy("set_field", field="texture", value="field"),
            )
        if self.recipe.texture == "views" or (self.recipe.texture == "auto" and sharper):
            views = self._views(progress)
            colour = bake_views(
                faces,
                canvas.uvs,
                canvas.vertices,
                canvas.normals,
                views,
                size,
                fill=field.colour,
                fill_positions=places,
                progress=progress,
            )
            return colour, None
        where, threads = (faces, canvas.uvs, places), thread_count(BAKE_THREADS)
        if not isinstance(field, MaterialField):
            return bake_colour(*where, field.colour, size, progress=progress, threads=threads), None
        return bake_materials(*where, field.materials, size, progress=progress, threads=threads)

    def _views(self, progress: Progress) -> list[View]:
        views: list[View] = []
        places = [(2 * math.pi * n / VIEW_YAWS, pitch) for pitch in VIEW_PITCHES for n in range(VIEW_YAWS)]
        for number, (yaw, pitch) in enumerate(places):
            progress("views", number / len(places))
            camera = Camera.orbit(yaw, pitch)
            with one_torch_thread():
                seen = self.person.render(camera, {}, VIEW_SIZE)
            image = srgb_to_linear((seen["image"] / 255.0).astype(np.float32))
            depth = seen["depth"].copy()
            if "sharper_pictures" in self.person.capabilities:
                # Networks that end in convolutions paint what they like along the edges of a picture.
                for edge in (depth[:VIEW_EDGE], depth[-VIEW_EDGE:], depth[:, :VIEW_EDGE], depth[:, -VIEW_EDGE:]):
                    edge[...] = np.inf
            world2cam = np.linalg.inv(camera.cam2world.astype(np.float64)).astype(np.float32)
            views.append(View(image, depth, world2cam, camera.intrinsics))
        return views

    def _occlusion(self, canvas: Canvas, faces: NDArray[np.int32], size: int, progress: Progress) -> NDArray[np.uint8]:
        """What the mesh's own folds keep from the sky, at the welded vertices."""
        progress("occlusion", 0.0)
        _, first, inverse = np.unique(canvas.welded, return_index=True, return_inverse=True)
        generator = np.random.default_rng(0)  # directions only; the avatar does not depend on it otherwise
        queries = MeshQueries(canvas.vertices, canvas.faces)
        open_share = occlusion(canvas.vertices[first], canvas.normals[first], queries.blocked, generator)
        welded_faces = np.asarray(inverse, np.int32).ravel()[canvas.faces]
        smooth = smooth_over_edges(open_share, welded_faces)[np.asarray(inverse).ravel()]
        return occlusion_map(faces, canvas.uvs, smooth, size, progress=progress)


def packed(shade: NDArray[np.uint8] | None, roughness: NDArray[np.uint8] | None) -> NDArray[np.uint8] | None:
    """Occlusion, roughness and metalness in one image of half the size: all of them are smooth or coarse."""
    if shade is None and roughness is None:
        return None
    rough = None if roughness is None else halved(roughness)
    shape = rough.shape if rough is not None else shade.shape if shade is not None else (1, 1)
    orm = np.full((*shape, 3), MAPS["orm"].neutral, np.uint8)
    for channel, known in enumerate((shade, rough)):
        if known is not None:
            orm[:, :, channel] = known
    return orm
