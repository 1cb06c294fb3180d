# SPDX-License-Identifier: Apache-2.0
"""Checks of the modules around the backbone: tri-grid, decoder, super-resolution, pose branches, discriminator."""

from __future__ import annotations

from typing import Any

import torch

from portrait_core.cameras import AVERAGE_LABEL
from portrait_core.networks.conv2d import Conv2dLayer
from portrait_core.networks.decoder import Decoder
from portrait_core.networks.discriminator import (
    DiscriminatorConfig,
    PortraitDiscriminator,
    Portraits,
    minibatch_std,
)
from portrait_core.networks.pose_branch import (
    GeneratorPoseBranch,
    camera_angle,
    camera_is_left,
    mirror_camera,
)
from portrait_core.networks.resampling import resize
from portrait_core.networks.superresolution import Superresolution
from portrait_core.networks.synthesis import SynthesisNetwork, ToRGBLayer
from portrait_core.networks.trigrid import PLANE_AXES, project, sample_trigrid, sample_trigrid_volumetric
from portrait_core.rendering.composition import background_rows, compose
from tests.vectors.files import VectorFile, load_state


def check_conv2d_layer(data: VectorFile) -> None:
    """Discriminator convolutions; a case's name says kernel size, resampling and bias."""
    x = data.tensor("x")
    for name in data.names(suffix="_gain"):
        state = data.state(f"{name}/")
        activated = name in {"k1", "k3", "k3down"}
        layer = Conv2dLayer(
            x.shape[1],
            state["weight"].shape[0],
            state["weight"].shape[2],
            bias="bias" in state,
            activation="lrelu" if activated else "linear",
            up=2 if "up" in name else 1,
            down=2 if "down" in name else 1,
            conv_clamp={"k1": 1.0, "k3down": 256.0}.get(name),
        )
        load_state(layer, state)
        data.check(name, layer(x))
        data.check(f"{name}_gain", layer(x, gain=0.5**0.5))


def check_trigrid(data: VectorFile) -> None:
    """Look-ups at both depths and box sizes, by the fast way and by the plain one."""
    data.check("plane_axes", torch.tensor(PLANE_AXES, dtype=torch.float32))
    points = data.tensor("points")
    data.check("projected", project(points, 2.0).flatten(0, 1))  # stored before scaling to the box
    for name in data.names("features_d"):
        depth, _, box = name.partition("_warp")
        planes, box_warp = data.tensor(f"planes_d{depth}"), float(box or 1)
        for look_up in (sample_trigrid, sample_trigrid_volumetric):
            data.check(f"features_d{name}", look_up(planes, points, depth=int(depth), box_warp=box_warp))


def check_decoder(data: VectorFile) -> None:
    """Decoder with its three output activations."""
    features = data.tensor("features")
    for name in data.names(suffix="/rgb"):
        state = data.state(f"{name}/")
        activation = next(a for a in ("none", "sigmoid", "lrelu") if a == name)
        decoder = Decoder(features.shape[3], state["net.2.weight"].shape[0] - 1, activation=activation)
        load_state(decoder, state)
        sigma, rgb = decoder(features)
        data.check(f"{name}/sigma", sigma)
        data.check(f"{name}/rgb", rgb)


def check_superresolution(data: VectorFile) -> None:
    """Every super-resolution module, on pictures that must be resized first."""
    names = {"x2": "2X", "x4": "4X", "x8": "8X", "x8dc": "8XDC"}
    for case in data.names(suffix="/y_mean"):
        state = data.state(f"{case}/")
        module = Superresolution(state["block0.conv0.weight"].shape[1], names[case])  # type: ignore[arg-type]
        load_state(module, state, may_lack=("noise_const", "resample_filter"))
        with torch.no_grad():
            y = module(data.tensor(f"{case}/rgb"), data.tensor(f"{case}/x"), data.tensor(f"{case}/ws"))
        for step in data.names(f"{case}/y_every"):
            data.check(f"{case}/y_every{step}", y[:, :, :: int(step), :: int(step)])
        data.check(f"{case}/y_mean", y.mean(dim=(2, 3)))
        data.check(f"{case}/y_std", y.std(dim=(2, 3)))


def check_pose_branch(data: VectorFile) -> None:
    """Generator pose branch with cameras left, right and on the border."""
    z, c = data.tensor("z"), data.tensor("c")
    branch = GeneratorPoseBranch(z.shape[1])
    load_state(branch, data.state("pose_branch/"))
    data.check("flipped_c", mirror_camera(c))
    data.check("theta", camera_angle(c))
    data.check("is_left", camera_is_left(c))
    data.check("raw_net", branch(z, c))
    data.check("pose", branch.predict(z, c))
    data.check("avg_c", AVERAGE_LABEL[None])


def discriminator_from(config: dict[str, Any], state: dict[str, torch.Tensor]) -> PortraitDiscriminator:
    """The discriminator that a stored configuration describes, with its weights."""
    network = PortraitDiscriminator(
        DiscriminatorConfig(
            img_resolution=config["img_resolution"],
            img_channels=config["img_channels"],
            seg_channels=config["seg_channels"],
            channel_base=config["channel_base"],
            channel_max=config["channel_max"],
            conv_clamp=config["conv_clamp"],
            mbstd_group_size=config["mbstd_group_size"],
            symmetric=config["explicitly_symmetry"],
        )
    )
    load_state(network, state)
    return network


def check_discriminator(data: VectorFile) -> None:
    """Logits and poses of batches of 4, 1 and 8, with own and with given poses; the mini-batch deviation alone."""
    network = discriminator_from(data.config(), data.state(""))
    pictures = [data.tensor(name) for name in ("image", "image_raw", "image_mask")]
    c = data.tensor("c")

    def judge(order: torch.Tensor, pose: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        return network(Portraits(*(p[order] for p in pictures)), c[order], pose)

    everyone = torch.arange(c.shape[0])
    logits, pose = judge(everyone)
    data.check("logits", logits)
    data.check("pose", pose)
    data.check("predict_pose", network.predict_pose(Portraits(*pictures), c))
    data.check("pose_feature", network.pose_features(Portraits(*pictures), c))
    data.check("logits_with_gt_pose", judge(everyone, data.tensor("gt_pose"))[0])
    logits, pose = judge(data.tensor("single/index").reshape(1))
    data.check("single/logits", logits)
    data.check("single/pose", pose)
    logits, pose = judge(torch.cat([everyone, everyone.flip(0)]))
    data.check("batch8/logits", logits)
    data.check("batch8/pose", pose)
    x = data.tensor("mbstd/x")
    group = network.config.mbstd_group_size
    data.check("mbstd/y", minibatch_std(x, group))
    data.check("mbstd/y_batch2", minibatch_std(x[:2], group))


def check_background(data: VectorFile) -> None:
    """Background synthesis from too few rows, resizing, composition, and both raw pictures."""
    state = data.state("bcg_synthesis/")
    ws = data.tensor("ws")
    top = max(int(name.split(".")[0][1:]) for name in state if name.startswith("b"))
    channels, base = state[f"b{top}.torgb.weight"].shape[0], state[f"b{top}.conv1.weight"].shape[0] * top
    widest = state["b4.const"].shape[0]
    network = SynthesisNetwork(ws.shape[2], top, channels, channel_base=base, channel_max=widest)
    load_state(network, state)
    data.check("num_ws", torch.tensor(network.num_ws))
    rows = background_rows(ws, network.num_ws)
    data.check("ws_padded", rows)
    picture = network(rows)
    data.check("bcg", picture)
    feature, weights = data.tensor("feature"), data.tensor("weights")
    resized = resize(picture, feature.shape[-1])
    data.check("bcg_resized", resized)
    composite = compose(feature, weights, resized)
    data.check("composite", composite)
    torgb_state = data.state("torgb/")
    torgb = ToRGBLayer(channels, torgb_state["weight"].shape[0], w_dim=ws.shape[2])
    load_state(torgb, torgb_state)
    data.check("rgb_raw", torgb(composite, ws[:, -1]))
    data.check("rgb_bcg", torgb(resized, rows[:, -1]))
