# SPDX-License-Identifier: Apache-2.0
"""Volume rendering of distances, on a ball that the formula knows."""

from __future__ import annotations

import torch

from portrait_core.cameras import Camera
from portrait_core.rendering.rays import rays_of_labels
from portrait_core.rendering.sphere_tracing import distance_scene, march

RADIUS = 0.12
SIZE = 128


def test_a_ball():
    asked: list[int] = []

    def distance(points: torch.Tensor) -> torch.Tensor:
        asked.append(len(points))
        return points.norm(dim=1) - RADIUS

    scene = distance_scene(distance, lambda p: p / 0.5 + 0.5, torch.tensor([[-0.15] * 3, [0.15] * 3]))
    asked.clear()
    camera = Camera.orbit(0.4, 0.2)
    origins, directions = (x[0] for x in rays_of_labels(torch.as_tensor(camera.label)[None], SIZE))
    seen = march(scene, origins, directions, 1 / (float(camera.intrinsics[0, 0]) * SIZE))
    along = -(origins * directions).sum(1)
    miss = (origins + along[:, None] * directions).norm(dim=1)
    pixel = 2.7 / 6.51 / SIZE
    hit, clear = miss < RADIUS - 2 * pixel, miss > RADIUS + 3 * pixel
    assert hit.sum() > 1000 and clear.sum() > 1000
    assert float(seen.opacity[hit].min()) > 0.98 and float(seen.opacity[clear].max()) == 0
    # as many pixels as the disk has: the edge is neither fat nor thin
    area = float(torch.pi * (RADIUS / (2.7**2 - RADIUS**2) ** 0.5 * 6.51 * SIZE) ** 2)
    assert abs(float(seen.opacity.sum()) / area - 1) < 0.02
    inner = miss < 0.8 * RADIUS
    exact = along - (RADIUS**2 - miss**2).sqrt()
    assert float((seen.depth - exact)[inner].abs().max()) < 0.6 * pixel
    assert torch.isinf(seen.depth[clear]).all()
    place = origins + exact[:, None] * directions
    assert float((seen.colour - (place / 0.5 + 0.5))[inner].abs().max()) < 0.02
    assert (seen.colour[clear] == 0).all()
    # most of space is skipped
    assert sum(asked) < 15 * len(origins)
