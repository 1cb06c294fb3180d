# SPDX-License-Identifier: Apache-2.0
"""The starter's network before training, and the weights file after it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import portrait_core
from portrait_core.models.portrait_gan.config import CanonicalOptions, GeneratorConfig
from portrait_core.models.starter.capabilities import NAME
from portrait_core.models.starter.generator import CanonicalGenerator
from portrait_core.models.starter.identity_warp import solve_kernel
from portrait_core.rendering.renderer import RenderSettings
from portrait_core.weights.checkpoint import save_model
from portrait_core.weights.header import Attribute, Latent, ModelHeader, Training
from portrait_core.world.assets import AssetFolders
from portrait_core.world.base_mesh import BaseMesh, load_base_mesh
from portrait_core.world.canonical_body import BOX_CENTRE, BOX_HALF, CUT_X, CUT_Y
from portrait_core.world.identity import LANDMARKS, fit_basis, load_identity_space
from portrait_core.world.latent import (
    CODE_COLOURS,
    CODE_SCALARS,
    NAMED,
    STYLE,
    STYLE_ANCHORS,
    STYLE_FLOOR,
    STYLE_SHARPNESS,
    STYLES,
    Z_DIM,
    Attributes,
    attributes,
    code,
)
from portrait_core.world.morphs import target_weights

COEFFICIENTS = 64
STYLE_NAMES = {
    "short04": "hair_cropped", "short01": "hair_short_a", "short02": "hair_short_b", "short03": "hair_short_c",
    "afro01": "hair_afro", "bob01": "hair_bob_a", "bob02": "hair_bob_b", "long01": "hair_long",
    "ponytail01": "hair_ponytail", "braid01": "hair_braid", "bald": "hair_bald",
}  # fmt: skip


def starter_config(assets: AssetFolders) -> GeneratorConfig:
    """Sizes of the starter; the warp's template has as many vertices as the bust of the CC0 base mesh."""
    space = load_identity_space(assets)
    canonical = CanonicalOptions(
        colours=CODE_COLOURS,
        scalars=len(CODE_SCALARS),
        styles=len(STYLES),
        sharpness=STYLE_SHARPNESS,
        floor=STYLE_FLOOR,
        coefficients=COEFFICIENTS,
        warp_vertices=len(space.vertices),
        warp_triangles=len(space.triangles),
        warp_centres=len(space.centres),
        landmarks=len(LANDMARKS),
        eye_landmarks=(LANDMARKS.index("left_eye"), LANDMARKS.index("right_eye")),
        box_centre=(float(BOX_CENTRE[0]), float(BOX_CENTRE[1]), float(BOX_CENTRE[2])),
        box_half=BOX_HALF,
        cut_y=CUT_Y,
        cut_x=CUT_X,
    )
    return GeneratorConfig(
        z_dim=Z_DIM,
        w_dim=384,
        c_dim=0,
        mapping_layers=3,
        normalize_z=False,
        mapping_lr_multiplier=1.0,
        plane_resolution=64,
        plane_features=16,
        triplane_depth=1,
        channel_base=2048,
        channel_max=128,
        decoder_hidden=64,
        features=3,
        img_resolution=256,
        neural_resolution=256,
        superresolution=None,
        background=False,
        raw_to_rgb=False,
        pose_branch=False,
        canonical=canonical,
        rendering=RenderSettings(ray_start=2.25, ray_end=3.3, white_back=True),
    )


def build_starter(assets: AssetFolders, *, seed: int) -> tuple[CanonicalGenerator, dict[str, NDArray[np.float64]]]:
    """The untrained starter with its shape basis, and ``encode``/``encode_bias``: target weights -> coefficients."""
    base, space = load_base_mesh(assets), load_identity_space(assets)
    model = CanonicalGenerator(starter_config(assets), seed=seed)
    basis = fit_basis(space, base, COEFFICIENTS, np.random.default_rng(3))
    warp = model.identity_warp
    with torch.no_grad():
        warp.vertices.copy_(torch.as_tensor(space.vertices))
        warp.triangles.copy_(torch.as_tensor(space.triangles))
        warp.centres.copy_(torch.as_tensor(space.centres))
        warp.solver.copy_(torch.as_tensor(solve_kernel(space.vertices[space.centres])))
        for name in ("mean", "basis", "landmark_mean", "landmark_basis"):
            getattr(warp, name).copy_(torch.as_tensor(basis[name]))
        codes = torch.as_tensor(code(attributes(np.random.default_rng(4).normal(size=(20_000, Z_DIM)))))
        model.identity_code.code_mean.copy_(codes.mean(0))
        model.identity_code.code_deviation.copy_(codes.std(0) + 1e-3)
    return model, {"encode": basis["encode"], "encode_bias": basis["encode_bias"]}


def encode_shapes(base: BaseMesh, shape: dict[str, NDArray[np.float64]], a: Attributes) -> NDArray[np.float32]:
    """Warp coefficients (B, K) of identities."""
    return (target_weights(base, a) @ shape["encode"].T + shape["encode_bias"]).astype(np.float32)


def attribute_list() -> tuple[Attribute, ...]:
    """The named numbers of the latent, and a direction for every hair style."""
    named = [Attribute(name=name, description=text, index=i) for i, (name, text) in enumerate(NAMED)]
    for style, anchor in zip(STYLES, STYLE_ANCHORS, strict=True):
        direction = np.zeros(Z_DIM)
        direction[STYLE] = anchor
        text = "towards this hair style (+); 3 makes it sure unless age or gender speak against it"
        named.append(
            Attribute(name=STYLE_NAMES[style], description=text, direction=tuple(direction.tolist()), low=-4, high=6)
        )
    return tuple(named)


def starter_file(model: CanonicalGenerator, assets: AssetFolders, out: Path, facts: dict[str, Any]) -> ModelHeader:
    """Write the weights file: fp16 tensors, header, body template.

    Precision: the warp's template, centres and solver stay float32, for millimetres matter there.
    """
    from portrait_core.training.starter_template import bust_template

    exact = ("identity_warp.vertices", "identity_warp.solver", "identity_warp.landmark_mean", "identity_warp.mean")
    tensors: dict[str, torch.Tensor] = {}
    for name, tensor in model.state_dict().items():
        half = tensor.is_floating_point() and name not in exact
        tensors[name] = tensor.detach().cpu().to(torch.float16 if half else tensor.dtype)
    template = bust_template(model, assets)
    tensors |= {f"template.{name}": tensor for name, tensor in template.items()}
    header = ModelHeader(
        family=NAME,
        name="starter",
        description="Stylised busts learnt from procedural portraits on CC0 geometry.",
        licence="CC0-1.0",
        config=model.config.to_dict(),
        latent=Latent(z_dim=Z_DIM, attributes=attribute_list()),
        body_template=True,
        training=Training(
            data="procedural portrait world on the MPFB base mesh, MakeHuman targets and hair",
            data_licence="CC0-1.0",
            commit=_commit(),
            command=f"portrait train starter (portraitkit {portrait_core.__version__})",
            metrics=facts,
        ),
    )
    return save_model(out, tensors, header)


def _commit(package: Path = Path(portrait_core.__file__).parent) -> str:
    """The commit of the checkout that ``package`` belongs to; nothing for an installed one.

    Site-packages often lie inside a checkout of something else, whose commit says nothing of this code.
    """
    try:
        top = _git(package, ["rev-parse", "--show-toplevel"])
        if Path(top).resolve() != package.parent.resolve():
            return ""
        _git(package, ["ls-files", "--error-unmatch", "__init__.py"])
        return _git(package, ["rev-parse", "HEAD"])
    except (OSError, subprocess.CalledProcessError):
        return ""


def _git(folder: Path, words: list[str]) -> str:
    # Variables of a git that runs us, in a hook for instance, would speak of another checkout.
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    found = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True, env=own)
    return found.stdout.strip()
