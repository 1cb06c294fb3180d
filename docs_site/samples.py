# SPDX-License-Identifier: Apache-2.0
"""Files that the documentation's commands mention, made before those run: recordings, tables, meshes, a photograph.

None is committed: recordings are made of the tests' formulas, avatars by the engine, and the photograph is the portrait
of an astronaut that scikit-image carries (NASA, public domain).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

from docs_site.places import DOCS, ROOT

_BLENDER = re.compile(r"\b(fbx|blend|usdc)\b|portrait library|--for (unity|blender)|\bblender -b\b")
_NETWORKS = re.compile(r"portrait photo|--like|--photo\b|dataset build|face_landmarks|photograph\(")
_DATA = re.compile(r"train (data|starter|parts|skin|photo)\b")


def prepare(text: str, folder: Path) -> str:
    """Make what ``text`` mentions in ``folder``; return what is not at hand for it, or nothing."""
    command = re.sub(r"\s#.*", "", text)
    if _BLENDER.search(command) and not _blender():
        return "no Blender is at hand (make blender-tests fetches one)"
    if _NETWORKS.search(command) and not _networks():
        return "the networks that read photographs are not set up (portrait photo setup)"
    if _DATA.search(command) and not os.environ.get("PORTRAITKIT_ASSETS"):
        return "PORTRAITKIT_ASSETS does not name the CC0 data of MakeHuman and MPFB"
    for name, make in SAMPLES.items():
        if re.search(rf"(?<![\w/.-]){re.escape(name)}(?![\w.])", command) and not (folder / name).exists():
            make(folder / name)
    return ""


def _blender() -> bool:
    named = "PORTRAITKIT_BLENDER" in os.environ or shutil.which("blender") is not None
    return named or any((ROOT / ".cache").glob("bpy-4.5*/bin/python"))


def _networks() -> bool:
    from portrait_core.photo.networks.published import NETWORKS
    from portrait_core.photo.networks.store import available

    return all(network.name in available() for network in NETWORKS)


def _walk(path: Path) -> None:
    """Two seconds of AMASS: a head that turns."""
    from tests.rig.test_motion_files import amass

    amass(path)


def _wham(path: Path) -> None:
    import numpy as np

    from tests.field import motion_writers

    pose, way = np.zeros((48, 72), np.float32), np.zeros((48, 3), np.float32)
    pose[:, 46] = np.linspace(0, 0.5, 48)
    pose[:, 0] = np.pi
    person = {"pose": pose, "trans": way, "pose_world": pose, "trans_world": way, "betas": np.zeros((48, 10))}
    motion_writers.joblib(path, {0: person, 1: person})


def _take(path: Path) -> None:
    from tests.face.samples import live_link

    path.write_bytes(live_link(2.0))


def _cues(path: Path) -> None:
    path.write_text("0.00\tX\n0.25\tB\n0.55\tC\n0.90\tD\n1.30\tA\n1.60\tX\n", encoding="utf-8")


def _sound(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(b"\0\0" * 32_000)


def _orders(path: Path) -> None:
    path.write_text("seed,age,faces\n3,1.5,4000\n4,-1,4000\n", encoding="utf-8")


def _people(path: Path) -> None:
    path.write_text('seed,describe\n1,"an old man with white hair"\n2,"a young woman, red top"\n', encoding="utf-8")


def _plan(path: Path) -> None:
    shutil.copyfile(DOCS / "examples" / "crowd.toml", path)


def _made(*words: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        few = ("--faces", "4000", "--texture-size", "256", "--quiet", "--format", path.suffix[1:])
        command = [sys.executable, "-m", "cli.main", "generate", "--seed", "5", *words, *few, "--name", path.stem]
        surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
        subprocess.run([*command, "--out", str(path.parent)], check=True, cwd=path.parent, env=surroundings)

    return make


def _photograph(path: Path) -> None:
    from PIL import Image
    from skimage import data

    Image.fromarray(data.astronaut()).save(path)


def _photographs(path: Path) -> None:
    path.mkdir()
    _photograph(path / "astronaut.jpg")


SAMPLES: dict[str, Callable[[Path], None]] = {
    **{"walk.npz": _walk, "wham_output.pkl": _wham, "take.csv": _take, "take_3.csv": _take},
    **{"hello.tsv": _cues, "hello.wav": _sound, "orders.csv": _orders, "people.csv": _people, "crowd.toml": _plan},
    **{"person.glb": _made("--topology", "shell"), "edited.glb": _made("--topology", "shell")},
    **{
        "sculpt.ply": _made("--topology", "shell"),
        "me.jpg": _photograph,
        "me.png": _photograph,
        "photos": _photographs,
    },
}
