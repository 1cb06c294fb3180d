# SPDX-License-Identifier: Apache-2.0
"""Checks of the basic network modules."""

from __future__ import annotations

import re

import torch

from portrait_core.networks.bias_act import ACTIVATIONS, bias_act
from portrait_core.networks.fully_connected import FullyConnectedLayer
from portrait_core.networks.mapping import MappingNetwork
from portrait_core.networks.modulated_conv import modulated_conv2d
from portrait_core.networks.resampling import blur, blur_taps, downsample2, filter_same, resize, upsample2
from portrait_core.networks.resampling import resample_filter as published_filter
from portrait_core.networks.synthesis import SynthesisBlock, SynthesisLayer, SynthesisNetwork, ToRGBLayer
from tests.vectors.files import VectorFile, load_state


def check_fc(data: VectorFile) -> None:
    """FC layers: a case's name says its activation and whether it has the small learning-rate multiplier."""
    for case in data.names(suffix="/y"):
        state = data.state(f"{case}/")
        rows, columns = state["weight"].shape
        layer = FullyConnectedLayer(
            columns,
            rows,
            bias="bias" in state,
            activation="lrelu" if case.startswith("lrelu") else "linear",
            lr_multiplier=0.01 if case.endswith("_lr") else 1.0,
        )
        load_state(layer, state)
        x = data.tensor(f"{case}/x")
        data.check(f"{case}/y", layer(x))
        data.check(f"{case}/y64", layer.double()(x.double()))


def check_bias_act(data: VectorFile) -> None:
    """Every activation at its default gain, and two with explicit gain and clamp."""
    x, bias = data.tensor("x"), data.tensor("b")
    for name in data.names("default/"):
        data.check(f"default/{name}", bias_act(x, bias, activation=next(a for a in ACTIVATIONS if a == name)))
    data.check("lrelu_gain3_clamp2", bias_act(x, bias, activation="lrelu", gain=3.0, clamp=2.0))
    data.check("linear_clamp1", bias_act(x, bias, clamp=1.0))


def check_resample(data: VectorFile) -> None:
    """FIR up, down and filter; the training blur; resizing in all modes."""
    x = data.tensor("x")
    data.check("filter_1331", published_filter())
    data.check("up2", upsample2(x))
    data.check("down2", downsample2(x))
    taps = data.array("filter_1331").sum(axis=0).tolist()
    data.check("filter", filter_same(x, taps))
    for sigma in data.names("blur", "/y"):
        data.check(f"blur{sigma}/kernel", blur_taps(float(sigma)))
        data.check(f"blur{sigma}/y", blur(data.tensor(f"blur{sigma}/x"), float(sigma)))
    for name in data.names("resize_", "/y"):
        mode, before, after = name.rsplit("_", 2)
        picture = data.tensor(f"resize_aa_{before}_{after}/x")
        if mode == "aa":
            ours = resize(picture, int(after), "antialiased")
        elif mode == "classic":
            ours = resize(picture, int(after), "classic")
        elif mode == "none":
            ours = resize(picture, int(after), "none")
        else:
            ours = resize(picture, int(after), float(mode))
        data.check(f"resize_{name}/y", ours)


def check_modconv(data: VectorFile) -> None:
    """All combinations of kernel size, up-sampling and demodulation; both stored forms are the same maths."""
    x, styles = data.tensor("x"), data.tensor("styles")
    for name in data.names("k"):
        match = re.fullmatch(r"(\d)_up(\d)_demod(\d)_(fused\d|f64)", name)
        assert match is not None, name
        size, up, demodulate, form = match.groups()
        dtype = torch.float64 if form == "f64" else torch.float32
        ours = modulated_conv2d(
            x.to(dtype),
            data.tensor(f"w{size}").to(dtype),
            styles.to(dtype),
            noise=data.tensor(f"noise_up{up}").to(dtype),
            up=int(up),
            demodulate=demodulate == "1",
        )
        data.check(f"k{name}", ours)


def _mapping_for(state: dict[str, torch.Tensor], num_ws: int | None) -> MappingNetwork:
    layers = sum(1 for name in state if re.fullmatch(r"fc\d+\.weight", name))
    w_dim, first = state[f"fc{layers - 1}.weight"].shape[0], state["fc0.weight"].shape[1]
    embedded, c_dim = tuple(state["embed.weight"].shape) if "embed.weight" in state else (0, 0)
    network = MappingNetwork(first - embedded, c_dim, w_dim, num_ws, num_layers=layers, embed_features=embedded)
    load_state(network, state)
    return network


def check_mapping(data: VectorFile) -> None:
    """Mapping with label, truncation, average update; the label-only network; the label-less network."""
    z, c = data.tensor("z"), data.tensor("c")
    network = _mapping_for(data.state("map/"), data.array("ws").shape[1])
    data.check("ws", network(z, c))
    for name in data.names("ws_psi"):
        psi, _, cutoff = name.partition("_cut")
        ours = network(z, c, psi=int(psi) / 10 ** (len(psi) - 1), cutoff=int(cutoff) if cutoff else None)
        data.check(f"ws_psi{name}", ours)
    network(z, c, update_average=True)
    data.check("w_avg_after_update", network.w_avg)
    data.check("cmap", _mapping_for(data.state("dmap/"), None)(None, c))
    unlabelled = _mapping_for(data.state("nolabel/"), data.array("nolabel/ws").shape[1])
    data.check("nolabel/ws", unlabelled(data.tensor("nolabel/z")))


def check_synthesis_layer(data: VectorFile) -> None:
    """Synthesis layers (`*/y_const`) and toRGB layers (`torgb*`)."""
    for case in data.names(suffix="/y_const"):
        state = data.state(f"{case}/")
        x, w = data.tensor(f"{case}/x"), data.tensor(f"{case}/w")
        size = state["noise_const"].shape[0]
        layer = SynthesisLayer(
            state["weight"].shape[1],
            state["weight"].shape[0],
            w_dim=w.shape[1],
            resolution=size,
            up=size // x.shape[-1],
            conv_clamp=0.5 if case == "clamp" else None,
        )
        load_state(layer, state)
        data.check(f"{case}/y_const", layer(x, w))
        data.check(f"{case}/y_const_unfused", layer(x, w))
        data.check(f"{case}/y_none", layer(x, w, noise_mode="none"))
        data.check(f"{case}/y_none_gain", layer(x, w, noise_mode="none", gain=0.5**0.5))
    x, w = data.tensor("torgb/x"), data.tensor("torgb/w")
    for case in ("torgb", "torgb_clamp"):
        state = data.state(f"{case}/")
        colours, channels = state["weight"].shape[:2]
        layer = ToRGBLayer(channels, colours, w_dim=w.shape[1], conv_clamp=0.5 if case == "torgb_clamp" else None)
        load_state(layer, state)
        data.check(f"{case}/y", layer(x, w))
        if data.has(f"{case}/y_unfused"):
            data.check(f"{case}/y_unfused", layer(x, w))


def check_synthesis_block(data: VectorFile) -> None:
    """A first block, an up-sampling block and a super-resolution block without up-sampling."""
    for case in data.names(suffix="/x_out"):
        state, ws = data.state(f"{case}/"), data.tensor(f"{case}/ws")
        first = "const" in state
        block = SynthesisBlock(
            0 if first else state["conv0.weight"].shape[1],
            state["conv1.weight"].shape[0],
            w_dim=ws.shape[2],
            resolution=state["conv1.noise_const"].shape[0],
            img_channels=state["torgb.weight"].shape[0],
            upsample=case != "noup",
            conv_clamp=256 if case == "noup" else None,
        )
        load_state(block, state)
        x = None if first else data.tensor(f"{case}/x_in")
        image = None if first else data.tensor(f"{case}/img_in")
        x_out, image_out = block(x, image, ws)
        data.check(f"{case}/x_out", x_out)
        data.check(f"{case}/img_out", image_out)


def check_backbone(data: VectorFile) -> None:
    """Mapping and synthesis together."""
    config = data.config()
    state = data.state("")
    synthesis = SynthesisNetwork(
        config["w_dim"],
        config["img_resolution"],
        config["img_channels"],
        channel_base=config["channel_base"],
        channel_max=config["channel_max"],
        conv_clamp=config["conv_clamp"],
    )
    load_state(synthesis, {k.removeprefix("synthesis."): v for k, v in state.items() if k.startswith("synthesis.")})
    data.check("num_ws", torch.tensor(synthesis.num_ws))
    ws = data.tensor("ws")
    data.check("img_const", synthesis(ws))
    data.check("img_none", synthesis(ws, noise_mode="none"))
    mapping = MappingNetwork(
        config["z_dim"],
        config["c_dim"],
        config["w_dim"],
        synthesis.num_ws,
        num_layers=config["mapping_num_layers"],
    )
    load_state(mapping, {k.removeprefix("mapping."): v for k, v in state.items() if k.startswith("mapping.")})
    drawn = mapping(data.tensor("z"), data.tensor("c"), psi=0.7)
    data.check("img_from_z_psi07", synthesis(drawn))
