# SPDX-License-Identifier: Apache-2.0
"""The readers run where there is no engine: copied under another name, with the standard library and NumPy alone."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.face.samples import RHUBARB_TSV, live_link

FACE = Path(__file__).parents[2] / "portrait_core" / "face"
FILES = sorted((FACE / "recordings").glob("*.py"))

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy
from pathlib import Path
from addon.core.face.recordings.coarticulation import spoken
from addon.core.face.recordings.cue_files import read_cues
from addon.core.face.recordings.idle import idle
from addon.core.face.recordings.load import read_recording
from addon.core.face.recordings.thinning import thinned
table = thinned(read_recording(Path(sys.argv[2])))
speech = thinned(spoken(read_cues(Path(sys.argv[3]))))
rest = thinned(idle(5, numpy.random.default_rng(1)))
ours = {name.partition(".")[0] for name in sys.modules} - before
print(len(table.weights), len(speech.weights) > 5, len(rest.weights), sorted(ours - {"addon", "numpy"}))
"""


@pytest.mark.parametrize("path", [FACE / "names.py", *FILES], ids=lambda path: path.stem)
def test_nothing_but_the_standard_library_numpy_and_each_other_is_imported(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            roots = {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                assert node.level == 1 or (node.level == 2 and node.module == "names"), ast.unparse(node)
                continue
            roots = {(node.module or "").partition(".")[0]}
        else:
            continue
        assert roots <= sys.stdlib_module_names | {"numpy"}, ast.unparse(node)


def test_a_copy_reads_files_without_the_engine(tmp_path: Path) -> None:
    package = tmp_path / "addon" / "core" / "face"
    shutil.copytree(FACE / "recordings", package / "recordings", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(FACE / "names.py", package / "names.py")
    recording, cues = tmp_path / "take.csv", tmp_path / "talk.tsv"
    recording.write_bytes(live_link(1))
    cues.write_bytes(RHUBARB_TSV)
    before = "import sys, numpy\nbefore = {name.partition('.')[0] for name in sys.modules}\n"
    done = subprocess.run(
        [sys.executable, "-c", before + PROGRAM, str(tmp_path), str(recording), str(cues)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shapes, talks, idles, ours = done.stdout.split(" ", 3)
    assert (shapes, talks, idles) == ("52", "True", "12")
    found = set(ast.literal_eval(ours.strip()))
    assert not found & {"portrait_core", "cli", "scipy", "torch", "pydantic"}
