# SPDX-License-Identifier: Apache-2.0
"""Check of a whole generator: pictures with and without pose, point queries, gradient."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import torch
from numpy.typing import NDArray

from portrait_core.body.triangles import Nearest, nearest_brute_force
from portrait_core.generator import GeneratorConfig, PortraitGenerator
from portrait_core.rendering.numbers import Given
from tests.vectors.files import WHOLE, VectorFile, load_state

PICTURES = ("image", "image_raw", "image_depth", "image_mask", "image_background")


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
        pictures = network.synthesis(
            stored, c, numbers=_numbers(data, "wsbcg"), ws_background=stored.roll(1, dims=0)
        )
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


def _check_posed(data: VectorFile, network: PortraitGenerator, c: torch.Tensor, pose: torch.Tensor) -> None:
    found: list[Nearest] = []

    def remember(points: NDArray[np.float32], triangles: NDArray[np.float32], radius: float) -> Nearest:
        """Search without a radius, because faces are stored for far points too."""
        found.append(nearest_brute_force(points, triangles))
        return found[-1]

    fast = network.pose_warp(pose)
    slow = dataclasses.replace(fast, search=remember)
    with torch.no_grad():
        for warp in (fast, slow):
            pictures = network.synthesis(data.tensor("ws"), c, numbers=_numbers(data, "def"), deform=warp)
            for name in PICTURES:
                if data.has(f"def/{name}"):
                    data.check(f"def/{name}", pictures[name], WHOLE)
    # One search a picture and a pass: first the coarse samples of every picture, then the fine ones.
    batch = c.shape[0]
    assert len(found) == 2 * batch, (
        "rendered in more than one piece: the file's resolution is larger than expected"
    )
    for name, searches in (("coarse", found[:batch]), ("fine", found[batch:])):
        stored = data.array(f"def/{name}_face_index")
        faces = np.stack([s.index for s in searches])
        near = np.stack([s.squared for s in searches]) < network.config.thickness**2
        data.check_against(f"def/{name}_face_index", faces[near], stored[near])
