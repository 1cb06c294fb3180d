# SPDX-License-Identifier: Apache-2.0
"""The skin's warp against the motion that it undoes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import trimesh

from portrait_core.body.skin_warp import SkinWarp


def bumpy(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    ball = trimesh.creation.icosphere(subdivisions=2, radius=0.1)
    rough = 1 + 0.1 * np.random.default_rng(seed).normal(size=(len(ball.vertices), 1))
    return (ball.vertices * rough).astype(np.float32), ball.faces.astype(np.int32)


def test_the_skin_warp_undoes_its_motion():
    vertices, faces = bumpy()
    share = np.clip(vertices[:, 1] / 0.1, 0, 1).astype(np.float64)
    turn = np.eye(4)
    turn[:3, :3] = trimesh.transformations.rotation_matrix(0.5, [0, 1, 0])[:3, :3]
    turn[:3, 3] = 0.01, 0.02, 0
    motions = np.eye(4) * (1 - share)[:, None, None] + turn * share[:, None, None]
    posed = (np.einsum("vij,vj->vi", motions[:, :3, :3], vertices) + motions[:, :3, 3]).astype(np.float32)
    normals = np.asarray(trimesh.Trimesh(posed, faces, process=False).vertex_normals, np.float32)
    warp = SkinWarp.of(posed, normals, faces, motions, torch.device("cpu"))
    back = warp(torch.as_tensor(posed))[0].numpy()
    np.testing.assert_allclose(back, vertices, atol=1e-5)
    assert np.abs(posed - vertices).max() > 0.02
    middles = warp(torch.as_tensor(posed[faces].mean(axis=1)))[0].numpy()
    np.testing.assert_allclose(middles, vertices[faces].mean(axis=1), atol=2e-3)
    above, below = torch.as_tensor(posed + 0.003 * normals), torch.as_tensor(posed - 0.003 * normals)
    assert float(warp(above)[1].median()) == pytest.approx(0.003, rel=0.05)
    assert float((warp(below)[1] > 0).float().mean()) < 0.01
    with pytest.raises(ValueError, match="flatten"):
        SkinWarp.of(posed, normals, faces, motions * 0, torch.device("cpu"))
