# SPDX-License-Identifier: Apache-2.0
"""The rival of self-learnt poses: the discriminator's pose reader told the labels of real pictures.

python -m benchmarks.training_regression DATA HELD_OUT [--config tiny] [--labels coarse|true] [--kimg 40]

Same trunk, same pictures, same average of weights as in a training; only the lesson differs: the squared error to the
coarse labels (what regression can get out of noisy labels), or to the true ones (what nobody has; the most that this
trunk can read at this size). Prints the held-out figures and writes the best of each to ``--out``.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from pathlib import Path

import numpy as np
import torch

from portrait_core.networks.discriminator import PortraitDiscriminator
from portrait_core.networks.initialise import initialise
from portrait_core.networks.pose_branch import mirror_pose
from portrait_core.training.adversarial.config import TrainingConfig
from portrait_core.training.adversarial.data import PortraitData
from portrait_core.training.adversarial.figures import pose_figures, read_poses
from portrait_core.training.adversarial.moments import Moment, real_portraits
from portrait_core.training.adversarial.named_configs import NAMED
from portrait_core.training.adversarial.networks import average
from portrait_core.training.losses import squared_pose_error

BATCH = 16
EVERY = 2000
HALF_LIFE = 2000


def regress(
    config: TrainingConfig, data: PortraitData, held: PortraitData, *, true: bool, kimg: float, seed: int
) -> list[dict[str, object]]:
    """Train and read the held-out pictures every `EVERY` images; the figures in order."""
    assert held.true_poses is not None and data.true_poses is not None
    size = config.generator.img_resolution
    moment = Moment.of(config, 10**9)
    network = PortraitDiscriminator(config.discriminator)
    initialise(network, torch.Generator().manual_seed(seed))
    with torch.no_grad():
        network.pose_branch.net[-1].weight.mul_(config.pose_init)  # type: ignore[operator, union-attr]
    smooth = copy.deepcopy(network)
    optimiser = torch.optim.Adam(network.parameters(), lr=config.dlr, betas=(0.0, 0.99), eps=1e-8)
    rng = np.random.default_rng(seed)
    # Where the truth is the lesson, a mirrored picture's pose has the signs of a mirrored label's.
    lesson = np.concatenate([data.labels[:, :25], data.true_poses], axis=1) if true else data.labels
    truth = torch.as_tensor(held.true_poses)
    rows: list[dict[str, object]] = []
    begun = time.process_time()
    for images in range(0, int(kimg * 1000) + 1, BATCH):
        if images % EVERY < BATCH:
            read = read_poses(smooth, held, config, moment, device=torch.device("cpu"), together=4)
            found = pose_figures(read, truth[: len(read)])
            rows.append({"kimg": images / 1000, "cpu_s": round(time.process_time() - begun, 1), **found})
            print(json.dumps(rows[-1]), flush=True)
        numbers = data.draw(rng, BATCH)
        c = data.labels_of(numbers)[0]
        pose = torch.as_tensor(lesson[numbers % len(data), 25:])
        pose = torch.where(torch.as_tensor(numbers >= len(data))[:, None], mirror_pose(pose), pose)
        image, mask = data.pictures_of(numbers)
        assert image.shape[-1] == size
        read = network.predict_pose(real_portraits(config, image, mask, moment), c)
        loss = squared_pose_error(read, pose).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # pyright: ignore[reportUnknownMemberType]
        optimiser.step()  # pyright: ignore[reportUnknownMemberType]
        average(smooth, network, 0.5 ** (BATCH / max(min(HALF_LIFE, 0.2 * images), 1e-8)))
    return rows


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("held_out", type=Path)
    parser.add_argument("--config", choices=sorted(NAMED), default="tiny")
    parser.add_argument("--labels", choices=("coarse", "true"), default="coarse")
    parser.add_argument("--kimg", type=float, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], help="NAME=VALUE, as of train gan")
    parser.add_argument("--out", type=Path)
    words = parser.parse_args()
    torch.set_num_threads(words.threads)
    changes = {name: json.loads(value) for name, _, value in (each.partition("=") for each in words.set)}
    config = NAMED[words.config].changed(changes)
    size = config.generator.img_resolution
    data, held = PortraitData(words.data, size=size), PortraitData(words.held_out, size=size)
    rows = regress(config, data, held, true=words.labels == "true", kimg=words.kimg, seed=words.seed)
    best = min(rows, key=lambda row: row["head_deg_centred"])  # type: ignore[arg-type, return-value]
    print("best:", json.dumps(best))
    if words.out:
        words.out.write_text(json.dumps({"labels": words.labels, "rows": rows, "best": best}, indent=1), "utf-8")


if __name__ == "__main__":
    main()
