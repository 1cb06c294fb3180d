# SPDX-License-Identifier: Apache-2.0
"""A whole template of a few quads: stored and read again, and a character made of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.random import default_rng
from scipy import sparse

from benchmarks.parts_measures import folded as measured
from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.geometry.subdivision import catmull_clark
from portrait_core.parts.character import KINDS, Wanted, character
from portrait_core.parts.contact import LipContact
from portrait_core.parts.controls import Controls
from portrait_core.parts.eyes import EyesTemplate
from portrait_core.parts.fitted import Fitted
from portrait_core.parts.person_look import PersonLook
from portrait_core.parts.rest_pose import RestPose
from portrait_core.parts.skin import SkinTemplate, folded
from portrait_core.parts.skin_places import SkinPlaces
from portrait_core.parts.template import PartsTemplate

SIDE = 6


def sheet() -> tuple[np.ndarray, np.ndarray]:
    x, y = np.meshgrid(np.linspace(-0.06, 0.06, SIDE + 1), np.linspace(0.08, 0.20, SIDE + 1))
    k = (np.arange(SIDE)[:, None] * (SIDE + 1) + np.arange(SIDE)).ravel()
    quads = np.stack([k, k + 1, k + SIDE + 2, k + SIDE + 1], 1)
    return np.stack([x.ravel(), y.ravel(), np.full(x.size, 0.12)], 1), quads


@pytest.fixture(scope="module")
def template() -> PartsTemplate:
    return small_template()


def small_template() -> PartsTemplate:
    """A skin of a few quads, eyes, and one card for all that is fitted."""
    places, quads = sheet()
    count = len(places)
    basis = 0.002 * default_rng(0).normal(size=(count, 3, 2))
    weights = sparse.csr_matrix(np.eye(24)[np.full(count, SMPL_JOINT_NAMES.index("head"))])
    controls = Controls(np.arange(count), places.astype(np.float32), basis.astype(np.float16), weights)
    fine = catmull_clark(quads, count, np.zeros((len(quads), 4, 2))).matrix.shape[0]
    none = sparse.csr_matrix((0, fine))
    lips = LipContact(none, none.T.tocsr(), np.zeros(0), np.zeros(0), np.array([0, 1]), np.array([fine - 2, fine - 1]))
    skin = SkinTemplate(
        vertices=np.arange(count),
        quads=quads,
        corners=quads,
        uvs=(places[:, :2] * 5 + 0.4).astype(np.float32),
        regions=np.zeros(len(quads), np.uint8),
        adjust=sparse.csr_matrix((count, count)),
        lips=lips,
        coarse=(np.array([(0, 1, SIDE + 2)], np.int32), np.array([(0, SIDE, count - 1)], np.int32)),
    )
    rows = {"left": np.arange(4) + 20, "right": np.arange(4) + 10}
    card = Fitted(
        sparse.identity(count, format="csr")[:4],
        np.zeros((4, 3), np.float32),
        np.zeros((3, 2), np.int64),
        np.ones(3),
        np.array([(0, 1, 2, 3)]),
        np.array([(0, 1, 2, 3)]),
        np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32),
    )
    return PartsTemplate(
        controls,
        RestPose(np.zeros((24, 3))),
        skin,
        SkinPlaces(np.zeros((fine, 3), np.float32), np.zeros((fine, 2), np.float32)),
        EyesTemplate(rows, rows),
        {"teeth": card, "tongue": card},
        {"eyelashes01": card, "eyelashes02": card},
        {"eyebrow010": card},
        traits={"masculine": np.array([1.0, 0.0, 0.5])},
        images={"brows.eyebrow010": np.arange(5, dtype=np.uint8)},
    )


def somebody(first: float = 0.0) -> PersonLook:
    marks = {name: np.zeros(3) for name in SMPL_JOINT_NAMES}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        marks |= {
            f"{side}_eye": np.array([sign * 0.03, 0.14, 0.1]),
            f"{side}_eye_front": np.array([sign * 0.03, 0.14, 0.115]),
        }
    return PersonLook(np.array([first, 0.3]), marks, {}, {"brow": 0.2}, {})


def test_a_stored_template_makes_the_same_character(template: PartsTemplate) -> None:
    again = PartsTemplate.from_arrays(template.to_arrays())
    for one, two in zip(character(template, somebody()), character(again, somebody()), strict=True):
        assert one.name == two.name
        for name in ("vertices", "faces", "quads", "uvs", "normals", "welded", "joints", "weights"):
            assert (getattr(one, name) == getattr(two, name)).all(), (one.name, name)
    assert again.images["brows.eyebrow010"].tolist() == [0, 1, 2, 3, 4]
    broken = template.to_arrays()
    del broken["skin.quads"]
    with pytest.raises(KeyError, match="quads"):
        PartsTemplate.from_arrays(broken)


def test_two_persons_differ_in_places_and_normals_alone(template: PartsTemplate) -> None:
    for one, two in zip(character(template, somebody()), character(template, somebody(0.2)), strict=True):
        for name in ("faces", "quads", "uvs", "welded", "joints", "weights"):
            assert (getattr(one, name) == getattr(two, name)).all()
        if not one.name.startswith(("eye", "cornea")):
            assert (one.vertices != two.vertices).any(), one.name


def test_wanted_kinds_come_in_the_order_of_the_table(template: PartsTemplate) -> None:
    names = [mesh.name for mesh in character(template, somebody(), Wanted(("brows", "skin", "teeth")))]
    assert names == ["skin", "teeth", "brows"]  # a template without gums has none
    assert {"skin", "eye_left", "cornea_right", "tear_left", "lashes"} <= {
        m.name for m in character(template, somebody())
    }
    with pytest.raises(ValueError, match=f"there are {', '.join(KINDS)}"):
        Wanted(("hat",))
    with pytest.raises(ValueError, match="detail 3"):
        Wanted(detail=3)


def test_levels_share_vertices_places_in_the_texture_and_normals(template: PartsTemplate) -> None:
    fine, plain, few = (character(template, somebody(), Wanted(("skin",), detail))[0] for detail in (1, 0, -1))
    assert len(fine.faces) == 4 * len(plain.faces) == 4 * 2 * SIDE * SIDE
    assert len(few.faces) == 1
    table = {tuple(v): (tuple(n), tuple(u)) for v, n, u in zip(fine.vertices, fine.normals, fine.uvs, strict=True)}
    for level in (plain, few):
        for v, n, u in zip(level.vertices, level.normals, level.uvs, strict=True):
            assert table[tuple(v)][0] == tuple(n)
            assert table[tuple(v)][1] == pytest.approx(tuple(u), abs=1e-6)


def test_teeth_have_coarser_levels_of_the_same_vertices(template: PartsTemplate) -> None:
    """And those of files without any stay as they are."""
    card = replace(template.mouth["teeth"], coarse=(np.array([(0, 1, 2), (0, 2, 3)], np.int32), np.array([(0, 2, 3)])))
    both = replace(template, mouth={"teeth": card, "tongue": template.mouth["tongue"]})
    again = PartsTemplate.from_arrays(both.to_arrays())
    for detail, count in ((1, 2), (0, 2), (-1, 2), (-2, 1)):
        whole, level = (character(each, somebody(), Wanted(("teeth", "tongue"), detail)) for each in (template, again))
        assert [len(mesh.faces) for mesh in level] == [count, 2]
        table = {tuple(v): tuple(n) for v, n in zip(whole[0].vertices, whole[0].normals, strict=True)}
        assert all(table[tuple(v)] == tuple(n) for v, n in zip(level[0].vertices, level[0].normals, strict=True))


def test_lashes_and_brows_follow_the_person(template: PartsTemplate) -> None:
    from portrait_core.parts.character import Figure
    from portrait_core.parts.styles import lash_style

    feminine, masculine = Figure(template, somebody(-0.4)).masculine, Figure(template, somebody(0.4)).masculine
    assert (feminine, masculine) == pytest.approx((0.1, 0.9))
    assert lash_style(feminine, template.lashes) == "eyelashes02"
    assert lash_style(masculine, template.lashes) == "eyelashes01"
    assert lash_style(masculine, ("other",)) == "other"


def test_folded_quads_are_found_as_the_measure_finds_them() -> None:
    places = default_rng(5).normal(size=(400, 3))
    quads = np.arange(400).reshape(100, 4)
    found = folded(places, quads)
    assert 5 < len(found) < 95
    assert found.tolist() == measured(places, quads).tolist()
