# SPDX-License-Identifier: Apache-2.0
"""Roots are painted where a style has them, in the person's colour, and nowhere else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from scipy import sparse

from portrait_core.parts.part_mesh import Topology
from portrait_core.parts.scalp import AMOUNT, ROOT_COLOUR, root_cover, with_roots
from tests.parts.worn_meshes import hair_style, sheet


class Template(SimpleNamespace):
    """Stands for a template in a cache."""

    __hash__ = object.__hash__


def scene() -> tuple[Any, Topology]:
    """A template whose skin is the made-up sheet itself, each vertex a control."""
    places, quads, uvs = sheet()
    faces = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)
    index = np.arange(len(places), dtype=np.int32)
    four = np.zeros((len(places), 4), np.float32)
    fine = Topology(index, faces, np.arange(len(faces), dtype=np.int32), uvs, four.astype(np.uint8), four, "skin")
    skin = SimpleNamespace(vertices=index, fine=SimpleNamespace(matrix=sparse.identity(len(places), format="csr")))
    where = SimpleNamespace(canonical=places.astype(np.float32))
    return cast("Any", Template(skin=skin, skin_places=where)), fine


def test_roots_are_painted_where_the_style_has_them() -> None:
    template, fine = scene()
    colours = np.full((64, 64, 3), 200, np.uint8)
    hair, skin = np.array([0.2, 0.1, 0.05]), np.array([0.8, 0.6, 0.5])
    painted = with_roots(colours, hair_style(), template, fine, (hair, skin))
    # Rows of the sheet run from no roots, below, to roots alone, above.
    target = 255 * (ROOT_COLOUR[0] * hair + ROOT_COLOUR[1] * skin)
    assert painted[:3].reshape(-1, 3).mean(axis=0) == pytest.approx(200 * (1 - AMOUNT) + target * AMOUNT, abs=4)
    assert painted[-2:].mean() > 195
    assert (colours == 200).all()


def test_the_border_is_of_strands_and_always_the_same() -> None:
    template, fine = scene()
    cover = root_cover(hair_style(), template, fine, 128).astype(float)
    assert np.diff(cover[60:68], axis=1).std() > 10
    again = root_cover(hair_style(), template, fine, 128)
    assert (again == cover).all()
