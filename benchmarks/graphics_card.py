# SPDX-License-Identifier: Apache-2.0
"""Pictures and avatars on a graphics card: ``python -m benchmarks.graphics_card [--part NAME]``.

The published configuration at full size with the bust of `benchmarks.published_bust`, and the starter. Times are
medians of calls between two synchronisations, after a warm-up. Work is counted by torch's own counter of floating-point
operations (convolutions and matrix products) and compared with what the same card reaches in one large matrix product,
measured in the same run. Results: benchmarks/results/graphics_card.json.
"""

from __future__ import annotations

import argparse
import functools
import json
import platform
import statistics
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.official import psnr
from benchmarks.published_bust import bust_generator, fit_bust
from portrait_core.cameras import Camera
from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.models.load import load_model
from portrait_core.models.portrait_gan.field import TrigridField
from portrait_core.models.portrait_gan.fused_synthesis import fused_network, fused_superresolution
from portrait_core.models.portrait_gan.generator import PortraitGenerator
from portrait_core.models.portrait_gan.options import NEAR, PictureOptions
from portrait_core.models.portrait_gan.person import SIDE
from portrait_core.models.portrait_gan.renderer import Precision, QuickRenderer
from portrait_core.networks.precision import exact_convolutions
from portrait_core.pipeline import make_avatar
from portrait_core.recipe import Recipe
from portrait_core.runtime.cores import available_cores
from portrait_core.runtime.stage_clock import StageClock
from portrait_core.shape.isosurface import extract_surface

RESULTS = Path(__file__).parent / "results" / "graphics_card.json"
POSE = [[0.1, 0.2, -0.1, 0.15, 0.4, 0.1]]
PRECISIONS: tuple[Precision, ...] = ("fp32", "tf32", "bf16", "fp16")
TYPES = {"fp32": None, "tf32": None, "bf16": torch.bfloat16, "fp16": torch.float16}
PRODUCT = 8192
Model = tuple[PortraitGenerator, Tensor]


def main() -> None:
    parts: dict[str, Callable[[Model], Any]] = {
        "peaks": lambda model: _peaks(),
        "networks": _networks,
        "pictures": _pictures,
        "shape": _shape,
        "starter": lambda model: _starter(),
    }
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--part", choices=("all", *parts), default="all")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    if not torch.cuda.is_available():
        raise SystemExit("no CUDA device is here; this benchmark is for one.")
    result: dict[str, Any] = json.loads(options.out.read_text()) if options.out.exists() else {}
    card = torch.cuda.get_device_properties(0)
    result["machine"] = {
        "card": card.name,
        "memory_gib": round(card.total_memory / 2**30, 1),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "cores": available_cores(),
    }
    model = _model()
    failed = False
    for name, run in parts.items():
        if options.part in ("all", name):
            try:
                result[name] = run(model)
            except Exception:
                # What else can be measured is measured all the same.
                traceback.print_exc()
                failed = True
                continue
            print(name, json.dumps(result[name]), flush=True)
            options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if failed:
        raise SystemExit(1)


def _model() -> Model:
    """The full-size generator on the card and style rows whose density is that of a bust."""
    torch.manual_seed(0)
    model = bust_generator().to("cuda")
    z = torch.as_tensor(np.random.RandomState(0).randn(1, 512).astype(np.float32)).to("cuda")
    ws = model.mapping(z, _label(0.0)).clone()
    with torch.enable_grad():
        fit_bust(model, ws)
    return model, ws


def _label(yaw: float) -> Tensor:
    return torch.as_tensor(Camera.orbit(yaw).label)[None].to("cuda")


@functools.cache  # every share is of the peak of the same run
def _peaks() -> dict[str, float]:
    """TFLOP/s of a large matrix product of random numbers in each type, and GB/s of a copy (read plus written)."""
    found: dict[str, float] = {}
    for name, dtype, quick in (
        ("fp32", torch.float32, False),
        ("tf32", torch.float32, True),
        ("bf16", torch.bfloat16, False),
        ("fp16", torch.float16, False),
    ):
        a, b = (torch.randn(PRODUCT, PRODUCT, device="cuda", dtype=dtype) for _ in range(2))
        before = torch.backends.cuda.matmul.allow_tf32
        torch.backends.cuda.matmul.allow_tf32 = quick
        try:
            seconds, _ = _timed(lambda a=a, b=b: a @ b, 10)
        finally:
            torch.backends.cuda.matmul.allow_tf32 = before
        found[name] = round(2 * PRODUCT**3 / seconds / 1e12, 1)
    block = torch.randn(2**28, device="cuda")
    seconds, _ = _timed(block.clone, 10)
    found["copy_gb_s"] = round(2 * block.numel() * 4 / seconds / 1e9)
    return found


def _networks(model: Model) -> dict[str, Any]:
    """The convolutions of a picture, network by network, in each precision: milliseconds, and the share of the peak."""
    peaks = _peaks()
    network, ws = model
    renderer = QuickRenderer(network, ws)
    seen = renderer.render(_label(0.3))
    assert network.superresolution is not None
    size = network.config.neural_resolution
    features = torch.randn(1, network.config.features, size, size, device="cuda")
    head = network.superresolution
    calls: dict[str, Callable[[], Tensor]] = {
        "planes": lambda: fused_network(network.backbone.synthesis, ws),
        "super_resolution": lambda: fused_superresolution(head, seen["image_raw"], features, ws),
    }
    if network.bcg_synthesis is not None:
        background = network.bcg_synthesis
        calls["background"] = lambda: fused_network(background, ws[:, : background.num_ws])
    found: dict[str, Any] = {}
    for name, call in calls.items():
        rows: dict[str, Any] = {}
        for precision in PRECISIONS:

            def run(call: Callable[[], Tensor] = call, precision: Precision = precision) -> Tensor:
                dtype = TYPES[precision]
                with (
                    torch.inference_mode(),
                    exact_convolutions(precision != "tf32"),
                    torch.autocast("cuda", dtype, enabled=dtype is not None),
                ):
                    return call()

            with FlopCounterMode(display=False) as counter:
                run()
            seconds, _ = _timed(run, 20)
            graph, _ = _timed(_captured(run), 20)
            work = counter.get_total_flops()
            rows[precision] = {
                "ms": _ms(seconds),
                "ms_as_a_graph": _ms(graph),
                "gflop": round(work / 1e9, 1),
                "tflop_s": round(work / seconds / 1e12, 1),
                "share_of_peak": round(work / seconds / 1e12 / peaks[precision], 3),
                "share_of_peak_as_a_graph": round(work / graph / 1e12 / peaks[precision], 3),
            }
        found[name] = rows
    return found


def _captured(run: Callable[[], Tensor]) -> Callable[[], Any]:
    """The replay of a CUDA graph of ``run``: the card's own time, without the gaps between launches."""
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        run()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return graph.replay


def _pictures(model: Model) -> dict[str, Any]:
    """512 pictures as a user asks for them, and what half precision and the card itself change of them."""
    network, ws = model
    torch.cuda.reset_peak_memory_stats()
    label = _label(0.3)
    pose = torch.tensor(POSE, device="cuda")
    stills = PictureOptions(samples=4, near=NEAR).settings(network.config.rendering)
    found: dict[str, Any] = {}
    exact: Tensor | None = None
    for precision in PRECISIONS:

        def fresh(precision: Precision = precision) -> QuickRenderer:
            return QuickRenderer(network, ws, precision=precision)

        renderer = fresh()
        first, image = _timed(lambda: fresh().render(label)["image"], 5)
        again, _ = _timed(lambda r=renderer: r.render(label), 10)
        fine, _ = _timed(lambda r=renderer: r.render(label, settings=stills), 5)
        turned, _ = _timed(lambda r=renderer: r.render(label, pose=pose), 5)
        row: dict[str, Any] = {
            "ms_new_person": _ms(first),
            "ms_next_view": _ms(again),
            "images_s": round(1 / again, 1),
            "ms_next_view_192_samples": _ms(fine),
            "ms_next_view_posed": _ms(turned),
        }
        exact = image if exact is None else exact
        if image is not exact:
            row["psnr_to_fp32"] = round(psnr(image, exact), 1)
        found[precision] = row
    begin = time.perf_counter()
    QuickRenderer(network, ws).render(label, pose=pose)
    found["ms_new_person_posed"] = _ms(time.perf_counter() - begin)
    with torch.inference_mode(), exact_convolutions():
        slow, plain = _timed(lambda: network.synthesis(ws, label)["image"], 3)
    assert exact is not None
    found["plain"] = {"ms_new_person": _ms(slow), "psnr_quick_to_plain": round(psnr(exact, plain), 1)}
    found["card_memory_mib"] = round(torch.cuda.max_memory_allocated() / 2**20)
    here = QuickRenderer(network.to("cpu"), ws.cpu()).render(label.cpu())["image"]
    network.to("cuda")
    found["psnr_card_to_processor"] = round(psnr(exact.cpu(), here), 1)
    return found


def _shape(model: Model) -> dict[str, Any]:
    """The surface of the published model in a lattice of 512, planes included."""
    network, ws = model
    half = network.config.rendering.box_warp / 2
    box = np.array([[-SIDE, -half, -SIDE], [SIDE, half, SIDE]], np.float32)

    def surface(device: str) -> Any:
        planes = QuickRenderer(network, ws.to(device)).planes
        return extract_surface(TrigridField(network, planes, ws.to(device), box=box), 512)

    seconds, found = _timed(lambda: surface("cuda"), 3)
    network.to("cpu")
    begin = time.perf_counter()
    wanted = surface("cpu")
    slow = time.perf_counter() - begin
    network.to("cuda")
    apart = MeshQueries(wanted.vertices, wanted.faces).closest(found.vertices).distance.max()
    return {
        "seconds_512": round(seconds, 2),
        "seconds_512_on_the_processor": round(slow, 2),
        "triangles": len(found.faces),
        "apart_voxels": round(float(apart / (2 * half / 512)), 5),
    }


def _starter() -> dict[str, Any]:
    """Whole avatars of the starter, 20,000 faces, 2048 and normal map, on the card and on the processor beside it."""
    found: dict[str, Any] = {}
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    for device in ("cuda", "cpu"):
        model = load_model("starter", device)
        recipes = [Recipe(seed=seed, texture_size=2048, normal_map=True) for seed in range(6)]
        stages: dict[str, float] = {}
        seconds: list[float] = []
        for number, recipe in enumerate(recipes):
            clock = StageClock()
            begin = time.perf_counter()
            make_avatar(recipe, model, clock)
            if number:  # the first one warms up
                seconds.append(time.perf_counter() - begin)
                for stage, value in clock.close().items():
                    stages[stage] = stages.get(stage, 0.0) + value / (len(recipes) - 1)
        found[device] = {
            "ms_an_avatar": _ms(statistics.median(seconds)),
            "ms_by_stage": {stage: _ms(value) for stage, value in stages.items()},
        }
        if device == "cuda":
            found["card_memory_mib"] = round((torch.cuda.max_memory_allocated() - before) / 2**20)
    return found


def _timed(call: Callable[[], Any], times: int) -> tuple[float, Any]:
    """The median of ``times`` runs after one of warming up, seconds, and the last result."""
    answer = call()
    seconds: list[float] = []
    for _ in range(times):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        answer = call()
        torch.cuda.synchronize()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds), answer


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 2)


if __name__ == "__main__":
    main()
