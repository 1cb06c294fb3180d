# SPDX-License-Identifier: Apache-2.0
"""Worn meshes lie where MakeHuman's own rule puts them, and move with the arms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.parts.body import Body
from portrait_core.parts.controls import Controls
from portrait_core.parts.fitting import Fitting
from portrait_core.parts.person_look import PersonLook
from portrait_core.parts.rest_pose import RestPose
from portrait_core.training.parts_template.proxy_mesh import over_controls, read_proxy
from portrait_core.world.assets import DECIMETRE, fit_mhclo

MHCLO = """# a made-up piece
name strip
obj_file strip.obj
x_scale 0 1 2.0
y_scale 0 2 1.0
z_scale 1 3 4.0

verts 0
0 1 2 0.2 0.3 0.5 0.1 -0.2 0.05
2 3 4 0.6 0.4 0.0 0.0 0.3 -0.1
5
4 5 6 0.1 0.1 0.8 -0.4 0.0 0.2

delete_verts
1 3 - 5
"""


SHOULDER = np.array([0.25, 0.0, 0.0])


def written(folder: Path) -> Path:
    (folder / "strip.obj").write_text(
        "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\nf 1/1 2/2 3/3 4/4\n", encoding="utf-8"
    )
    path = folder / "strip.mhclo"
    path.write_text(MHCLO, encoding="utf-8")
    return path


def look() -> PersonLook:
    """A person whose shoulders lie half a metre apart."""
    places = {name: np.zeros(3) for name in SMPL_JOINT_NAMES}
    places |= {"left_shoulder": SHOULDER, "right_shoulder": np.array([-0.25, 0.0, 0.0])}
    places |= {"left_elbow": np.array([0.5, 0.0, 0.0]), "right_elbow": np.array([-0.5, 0.0, 0.0])}
    return PersonLook(np.zeros(2), places, {}, {}, {})


def fitted(path: Path, base: np.ndarray, joint: str) -> tuple[Fitting, Controls]:
    proxy = read_proxy(path, len(base))
    controls = Controls(
        np.arange(len(base)),
        base.astype(np.float32),
        np.zeros((len(base), 3, 2), np.float16),
        sparse.identity(24, format="csr")[[0] * len(base)],
    )
    weights = sparse.identity(24, format="csr")[[SMPL_JOINT_NAMES.index(joint)] * len(proxy.offsets)]
    rows = over_controls(proxy.rows, controls)
    own = Fitting(rows, proxy.offsets.astype(np.float32), proxy.pairs, proxy.lengths, weights)
    return own, controls


def test_places_are_those_of_the_slow_reader(tmp_path: Path) -> None:
    path = written(tmp_path)
    for seed in range(4):
        base = np.random.default_rng(seed).normal(size=(7, 3)) * 0.3
        own, _ = fitted(path, base, "head")
        assert own.modelled(base) == pytest.approx(fit_mhclo(path, base / DECIMETRE) * DECIMETRE, abs=1e-8)


def test_a_sleeve_goes_down_with_its_arm_and_the_rest_stays(tmp_path: Path) -> None:
    base = np.random.default_rng(5).normal(size=(7, 3)) * 0.3
    turns = np.zeros((24, 3))
    turns[SMPL_JOINT_NAMES.index("left_shoulder"), 2] = -np.pi / 2
    body = Body(look(), base, base, np.zeros((24, 3)), sparse.csr_matrix((len(base), 24)))
    still, _ = fitted(written(tmp_path), base, "head")
    assert still.places(body, RestPose(turns)) == pytest.approx(still.modelled(base))
    sleeve, _ = fitted(written(tmp_path), base, "left_shoulder")
    before, after = sleeve.modelled(base) - SHOULDER, sleeve.places(body, RestPose(turns)) - SHOULDER
    assert after == pytest.approx(np.stack([before[:, 1], -before[:, 0], before[:, 2]], 1))


def test_arrays_give_the_same_fitting_and_parts_of_it_the_same_places(tmp_path: Path) -> None:
    base = np.random.default_rng(6).normal(size=(7, 3)) * 0.3
    own, _ = fitted(written(tmp_path), base, "head")
    again = Fitting.from_arrays(own.to_arrays())
    assert again.modelled(base) == pytest.approx(own.modelled(base), abs=1e-7)
    kept = np.array([3, 1])
    assert own.part(kept).modelled(base) == pytest.approx(own.modelled(base)[kept])
