# SPDX-License-Identifier: Apache-2.0
"""Check of a whole generator: pictures with and without pose, point queries, gradient."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import torch
from numpy.typing import NDArray

from portrait_core.body.deformation import TIE, PoseWarp
from portrait_core.models.portrait_gan.generator import GeneratorConfig, PortraitGenerator
from portrait_core.rendering.jitter import Given
from tests.slow_search import Nearest, nearest_brute_force, point_triangle
from tests.vectors.files import WHOLE, Comparison, VectorFile, load_state

PICTURES = ("image", "image_raw", "image_depth", "image_mask", "image_background")
_BORDER = 1e-7
"""Squared distances (square metres) this close let two correct searches choose different triangles."""


def generator_of(data: VectorFile) -> PortraitGenerator:
    """The generator that the file's configuration describes, with its weights."""
    config = data.config()
    state = data.state("")
    resolution = math.isqrt(data.array("nodef/rand_coarse").shape[1])
    network = PortraitGenerator(GeneratorConfig.from_published(config, state, neural_resolution=resolution))
    load_state(network, state)
    return network


def check_generator(data: VectorFile) -> None:
    """Everything the file holds; pictures are accepted at the tolerance of a whole generator."""
    network = generator_of(data)
    z, c, pose = data.tensor("z"), data.tensor("c"), data.tensor("pose")
    conditioning = data.tensor("cond_c")
    ws = network.mapping(z, conditioning, psi=0.7, cutoff=14)
    data.check("ws", ws)
    data.check("ws_with_pose_psi1", network.mapping(z, c, pose))
    with torch.no_grad():
        planes = network.planes(ws)
        for step in data.names("planes_every"):
            data.check(f"planes_every{step}", planes.flatten(1, 2)[:, :, :: int(step), :: int(step)], WHOLE)
        points = network.sample(data.tensor("sample/points"), ws, planes=planes)
    data.check("sample/sigma", points.sigma, WHOLE)
    data.check("sample/rgb", points.features, WHOLE)
    _check_unposed(data, network, c)
    _check_posed(data, network, c, pose)
    with torch.no_grad():
        stored = data.tensor("ws")
        pictures = network.synthesis(stored, c, numbers=_numbers(data, "wsbcg"), ws_background=stored.roll(1, dims=0))
    for name in PICTURES:
        if data.has(f"wsbcg/{name}"):
            data.check(f"wsbcg/{name}", pictures[name], WHOLE)


def _numbers(data: VectorFile, case: str) -> Given:
    return Given(data.tensor(f"{case}/rand_coarse"), data.tensor(f"{case}/rand_fine"))


def _check_unposed(data: VectorFile, network: PortraitGenerator, c: torch.Tensor) -> None:
    ws = data.tensor("ws").requires_grad_()
    pictures = network.synthesis(ws, c, numbers=_numbers(data, "nodef"))
    for name in PICTURES:
        data.check(f"nodef/{name}", pictures[name], WHOLE)
    loss = (
        pictures["image"].square().mean()
        + pictures["image_raw"].mean()
        + pictures["image_depth"].mean()
        + pictures["image_mask"].square().mean()
    )
    data.check("nodef/loss", loss, WHOLE)
    (gradient,) = torch.autograd.grad(loss, ws)
    data.check("nodef/grad_ws", gradient, WHOLE)
    with torch.no_grad():
        chunked = network.synthesis(ws, c, numbers=_numbers(data, "nodef"))
    data.check("nodef/image", chunked["image"], WHOLE)


Found = tuple[NDArray[np.float64], NDArray[np.int64]]
"""Squared distances and triangles."""


def _check_posed(data: VectorFile, network: PortraitGenerator, c: torch.Tensor, pose: torch.Tensor) -> None:
    """Posed pictures by the product's search and by brute force, and the faces that were chosen.

    Two searches may rightly differ at a sample that lies next to a border between two triangles' regions. Where that
    happens in a file, pictures are held to the tolerance with the stored faces fed in, and those of our own search
    at the 99th percentile.
    """
    found: list[Nearest] = []
    batch = c.shape[0]

    def remember(points: NDArray[np.float32], triangles: NDArray[np.float32], radius: float) -> Found:
        """Search without a radius, because faces are stored for far points too."""
        found.append(nearest_brute_force(points, triangles))
        return found[-1].squared, found[-1].index

    # One search a picture and a pass: first the coarse samples of every picture, then the fine ones.
    stored = [*data.array("def/coarse_face_index"), *data.array("def/fine_face_index")]
    with torch.no_grad():
        fast = network.pose_warp(pose)
    own = _posed_pictures(data, network, c, dataclasses.replace(fast, search=remember))
    assert len(found) == 2 * batch
    reach = network.config.thickness**2
    near = np.stack([search.squared for search in found]) < reach
    faces, expected = np.stack([search.index for search in found]), np.stack(stored).astype(np.int64)
    differing = near & (faces != expected)
    gaps = np.stack([search.gap for search in found])
    borderline = differing & (gaps > TIE) & (gaps < _BORDER)
    data.check_against("def/face_index", faces[near & ~borderline], expected[near & ~borderline])
    with torch.no_grad():
        product = network.synthesis(data.tensor("ws"), c, numbers=_numbers(data, "def"), deform=fast)
    if not borderline.any():
        for pictures in (own, product):
            _compare(data, pictures)
        return
    fed = iter(expected)

    def feed(points: NDArray[np.float32], triangles: NDArray[np.float32], radius: float) -> Found:
        """The stored faces and the distances to them."""
        index = next(fed)
        squared, _ = point_triangle(points.astype(np.float64), triangles[index].astype(np.float64))
        return squared, index

    _compare(data, _posed_pictures(data, network, c, dataclasses.replace(fast, search=feed)))
    for name in PICTURES:
        if data.has(f"def/{name}"):
            want = data.array(f"def/{name}").astype(np.float64)
            error = np.abs(product[name].numpy() - want) / np.abs(want).max()
            label = f"def/{name} (99 % of it, own faces)"
            data.comparisons.append(Comparison(label, float(np.quantile(error, 0.99)), WHOLE))


def _posed_pictures(
    data: VectorFile, network: PortraitGenerator, c: torch.Tensor, warp: PoseWarp
) -> dict[str, torch.Tensor]:
    """Posed pictures rendered in one piece: nothing requires a gradient, but the mode that forbids pieces is on."""
    network.requires_grad_(False)
    with torch.enable_grad():
        return network.synthesis(data.tensor("ws"), c, numbers=_numbers(data, "def"), deform=warp)


def _compare(data: VectorFile, pictures: dict[str, torch.Tensor]) -> None:
    for name in PICTURES:
        if data.has(f"def/{name}"):
            data.check(f"def/{name}", pictures[name], WHOLE)
