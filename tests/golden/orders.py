# SPDX-License-Identifier: Apache-2.0
"""What the golden net makes: orders in the words of the command line, so that it outlives every move behind it."""

from __future__ import annotations

import lzma
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FIXTURE = ROOT / "tests" / "data" / "vectors" / "checkpoint_fixture.pkl.xz"

PROGRAM = "import sys; from cli.main import main; sys.exit(main(sys.argv[1:]))"


@dataclass(frozen=True)
class Order:
    """One command that makes files: ``models`` are those it needs beside the starter, ``words`` its options."""

    words: tuple[str, ...]
    models: tuple[str, ...] = ()


AVATARS = {
    # The avatar of parts that everybody gets, in little, with a coarser level and a turned head.
    "parts": Order((
        *("generate", "--seed", "7", "--texture-size", "256", "--lods", "4000", "--pose", "head=0,20,0"),
        *("--topology", "parts", "--face", "none"),
    )),
    # The shell that everybody got.
    "default": Order(("generate", "--seed", "7", "--topology", "shell")),
    # Levels with maps of their own, occlusion, an open cut, a turned head, all joints under other names.
    "levels": Order((
        *("generate", "--seed", "22", "--set", "age=1.5", "--set", "hair_length=2", "--psi", "0.8"),
        *("--pose", "head=0,25,0;neck=5,0,4", "--faces", "6000", "--lods", "2000,600", "--texture-size", "512"),
        *("--occlusion", "--open", "--lattice", "192", "--skeleton", "smpl24", "--bone-naming", "unreal"),
        *("--topology", "shell"),
    )),
    # Levels that share the maps of the finest; nothing but colour.
    "shared": Order((
        *("generate", "--seed", "5", "--faces", "8000", "--lods", "5000", "--lod-maps", "shared"),
        *("--texture-size", "256", "--no-normal-map", "--lattice", "128", "--bone-naming", "mixamo"),
        *("--topology", "shell"),
    )),
    # A motion.
    "moving": Order((
        *("generate", "--seed", "3", "--faces", "3000", "--texture-size", "256", "--lattice", "128"),
        *("--motion", "{motion}", "--topology", "shell"),
    )),
    # The published architecture, its field, and colours out of its pictures.
    "published": Order(
        ("generate", "--model", "bust", "--seed", "0", "--faces", "3000", "--texture-size", "256", "--lattice", "128"),
        ("bust",),
    ),
}  # fmt: skip

PICTURES = {
    "starter": Order(
        (
            *("render", "--seed", "7", "--yaw", "30", "--pose", "head=0,20,0", "--depth", "--mask", "--size", "192"),
            *("--topology", "shell"),
        )
    ),
    "bust": Order(
        ("render", "--model", "bust", "--seed", "0", "--yaw", "0,120", "--depth", "--mask", "--size", "128"), ("bust",)
    ),
    "fixture": Order(
        (
            *("render", "--model", "fixture", "--seed", "1", "--yaw", "-40", "--pose", "head=0,10,0"),
            *("--depth", "--mask", "--size", "128"),
        ),
        ("fixture",),
    ),
}


ALONE = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def run(words: tuple[str, ...], folder: Path, **environment: str) -> None:
    """The command line in a process of its own, on one thread unless ``environment`` says otherwise."""
    models = {"PORTRAITKIT_MODELS": str(folder / "models")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words, "--quiet"],
        cwd=ROOT,
        env={**os.environ, **ALONE, **models, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def make(order: Order, folder: Path, **environment: str) -> list[Path]:
    """Carry out ``order`` in ``folder``; the files that it made, sorted."""
    folder.mkdir(parents=True, exist_ok=True)
    for model in order.models:
        _provide(model, folder, **environment)
    words = tuple(word.format(motion=_motion(folder)) if "{motion}" in word else word for word in order.words)
    out = folder / "out"
    run((*words, "--out", str(out)), folder, **environment)
    return sorted(path for path in out.iterdir() if path.is_file())


def _provide(model: str, folder: Path, **environment: str) -> None:
    if model == "fixture":
        pickle = folder / "fixture.pkl"
        pickle.write_bytes(lzma.decompress(FIXTURE.read_bytes()))
        run(("models", "import", str(pickle), "--name", "fixture"), folder, **environment)
        return
    from tests.published_model import install

    # Its model is fitted to a bust, which is no order to be repeated: always on one thread.
    install(folder / "models")


def _motion(folder: Path) -> Path:
    """A short recording in AMASS's layout: the head turns, the body walks."""
    import numpy as np

    frames = 8
    poses = np.zeros((frames, 72), np.float32)
    poses[:, 15 * 3 + 1] = np.linspace(-0.4, 0.4, frames)
    poses[:, 12 * 3] = np.linspace(0.0, 0.2, frames)
    path = folder / "turn.npz"
    trans = np.stack([np.linspace(0, 0.3, frames), np.zeros(frames), np.zeros(frames)], 1)
    np.savez(path, poses=poses, trans=trans, mocap_framerate=np.float64(30.0), gender="neutral")
    return path
