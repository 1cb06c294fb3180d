# SPDX-License-Identifier: Apache-2.0
"""Runs the example notebook on the processor, cell after cell, in a clean folder: `python -m docs_site.notebook`.

What it shows is kept by Jupyter: `jupyter nbconvert --to notebook --execute --inplace FILE`.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time

from docs_site.notebook_page import NOTEBOOK, cells


def main() -> None:
    began = time.monotonic()
    names: dict[str, object] = {"__name__": "__main__"}
    count = 0
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for number, cell in enumerate(cells()):
            if cell["cell_type"] == "code":
                exec(compile("".join(cell["source"]), f"cell {number}", "exec"), names)
                count += 1
        assert "seven.glb" in os.listdir(), "the notebook writes seven.glb"
    print(f"{NOTEBOOK.name}: {count} cells run in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
