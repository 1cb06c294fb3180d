# SPDX-License-Identifier: Apache-2.0
"""How fast a training's step is here, as a share of what the machine's matrix products reach; and real single steps.

Called by ``python -m benchmarks.training plan | step | table``; see there. Pictures are noise: a step's time does not
depend on what they show.
"""

from __future__ import annotations

import dataclasses
import json
import resource
import time
import zlib
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.training_plan import check_devices, plan
from portrait_core.cameras import Camera
from portrait_core.runtime.memory import resident_bytes
from portrait_core.training.adversarial.config import TrainingConfig
from portrait_core.training.adversarial.named_configs import NAMED
from portrait_core.training.adversarial.networks import body_of, build_networks, with_body
from portrait_core.training.adversarial.phases import Phases
from portrait_core.weights.checkpoint import load_weights
from portrait_core.weights.registry import find_model

RESULTS = Path(__file__).parent / "results" / "training_speed.json"
GIGA = 1e9


class NoisePictures:
    """Pictures of noise with cameras around a person, in place of a data set."""

    in_memory = True

    def __init__(self, size: int) -> None:
        self.size = size

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray[Any, Any]:
        """Numbers of pictures."""
        return rng.integers(1 << 30, size=count)

    def labels_of(self, numbers: np.ndarray[Any, Any]) -> tuple[Tensor, Tensor]:
        """Cameras on a circle, small poses."""
        labels = [Camera.orbit(each % 628 / 100 - 3.14, 0.0).label for each in numbers.tolist()]
        poses = np.random.default_rng(int(numbers[0])).normal(size=(len(numbers), 6)) * 0.1
        return torch.as_tensor(np.stack(labels)), torch.as_tensor(poses, dtype=torch.float32)

    def pictures_of(self, numbers: np.ndarray[Any, Any]) -> tuple[Tensor, Tensor]:
        """Noise."""
        source = torch.Generator().manual_seed(int(numbers[0]))
        size = (len(numbers), 4, self.size, self.size)
        drawn = torch.rand(size, generator=source)
        return drawn[:, :3] * 2 - 1, (drawn[:, 3:] > 0.5).float()


def phases_of(config: TrainingConfig) -> Phases:
    """The steps of a configuration with the starter's body, on this machine's processor."""
    body = body_of(load_weights(find_model("starter")), config)
    config = with_body(config, body)
    data = cast(Any, NoisePictures(config.generator.img_resolution))
    return Phases(build_networks(config, body), config, data, torch.device("cpu"))


def step(name: str, *, threads: int, precision: str | None = None, images: int = 0) -> dict[str, Any]:
    """One real iteration of one picture with all its phases; what changed, how long it took, and the memory."""
    torch.set_num_threads(threads)
    changes: dict[str, Any] = {"batch": 1} | ({} if precision is None else {"precision": precision})
    config = NAMED[name].changed(changes)
    phases = phases_of(config)
    before = _checksums(phases)
    begun, spent = time.perf_counter(), time.process_time()
    report = phases.iteration(0, images or round(config.resume_kimg * 1000))
    wall, spent = time.perf_counter() - begun, time.process_time() - spent
    after = _checksums(phases)
    found = {
        "config": name,
        "losses": {each: round(float(value), 5) for each, value in report.items()},
        "seconds": round(wall, 1),
        "processor_seconds": round(spent, 1),
        "peak_memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        "parameters": len(before),
        "changed": sum(before[each] != after[each] for each in before),
        "same": sorted(each for each in before if before[each] == after[each])[:40],
    }
    assert all(np.isfinite(value) for value in cast("dict[str, float]", found["losses"]).values())
    return found


def _checksums(phases: Phases) -> dict[str, int]:
    rooms: dict[str, nn.Module] = phases.networks.named()
    return {
        f"{room}.{name}": zlib.crc32(each.detach().contiguous().numpy().tobytes())
        for room in ("G", "D")
        for name, each in rooms[room].named_parameters()
        if "aligned_SMPL" not in name and each.numel() > 0
    }


def matrix_peak(threads: int, seconds: float = 3.0) -> float:
    """Floating-point operations a second of products of float32 matrices of 1024 x 1024, the best of some."""
    torch.set_num_threads(threads)
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    best, end = float("inf"), time.process_time() + seconds
    while time.process_time() < end:
        begun = time.process_time()
        a @ b
        best = min(best, time.process_time() - begun)
    return 2 * 1024**3 / best * threads


def speeds(names: list[str], batches: list[int], *, iterations: int, precision: str) -> dict[str, Any]:
    """Images a processor second of whole iterations on one thread, their arithmetic, and its share of the peak."""
    torch.set_num_threads(1)
    peak = matrix_peak(1)
    rows: list[dict[str, Any]] = []
    for name in names:
        flops = plan(dataclasses.replace(NAMED[name], batch=4, batch_gpu=0), memory=False).total
        for batch in batches:
            config = NAMED[name].changed({"batch": batch, "batch_gpu": 0, "precision": precision})
            phases = phases_of(config)
            phases.iteration(1, 0)
            begun = time.process_time()
            for number in range(iterations):
                phases.iteration(1 + number * config.d_reg_interval // iterations, 0)
            per_image = (time.process_time() - begun) / iterations / batch
            rows.append(
                {
                    "config": name,
                    "batch": batch,
                    "precision": precision,
                    "images_per_cpu_second": round(1 / per_image, 2),
                    "gflop_an_image": round(flops / GIGA, 2),
                    "share_of_peak": round(flops / per_image / peak, 3),
                    "memory_mb": round((resident_bytes() or 0) / 1e6),
                }
            )
            print(json.dumps(rows[-1]), flush=True)
    return {"peak_gflops_a_thread": round(peak / GIGA, 1), "rows": rows}


def plans(names: list[str], parts: list[int], precision: str | None) -> list[dict[str, Any]]:
    """Arithmetic and estimated memory of a step by images at a time, devices checked."""
    rows: list[dict[str, Any]] = []
    for name in names:
        base = NAMED[name] if precision is None else NAMED[name].changed({"precision": precision})
        operations = check_devices(dataclasses.replace(base, batch=1, batch_gpu=0, augment="fixed"))
        for part in parts:
            found = plan(dataclasses.replace(base, batch=part, batch_gpu=0))
            rows.append(
                {
                    "config": name,
                    "precision": base.precision,
                    "batch_gpu": part,
                    "gflop_an_image": round(found.total / GIGA),
                    "by_phase": {each: round(value / GIGA) for each, value in found.flops.items()},
                    "memory_gb": round(found.memory / 1e9, 1),
                    "parameters_m": [round(each / 1e6, 1) for each in found.parameters],
                    "shapes": found.shapes,
                    "operations_on_a_card": operations,
                }
            )
            print(json.dumps(rows[-1]), flush=True)
    return rows


def store(key: str, value: Any) -> None:
    """Keep a result beside the others."""
    kept: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    kept[key] = value
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
