# SPDX-License-Identifier: Apache-2.0
"""What an avatar from a photograph costs: seconds and memory of ``portrait photo FILE`` in a process of its own.

    python -m benchmarks.photo_avatar FILE... [--out FOLDER]

The bar is 20 seconds on two cores and 1.5 GB. Needs ``portrait photo setup``. How much an avatar looks like its
photograph is measured elsewhere: no network that tells faces apart comes with Portraitkit.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, default=None)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for path in words.files:
            print(row(path, words.out or Path(folder)), flush=True)


def row(path: Path, out: Path) -> str:
    """One photograph: seconds by the clock and of the processor, megabytes at most, what was made, what was said."""
    line = [sys.executable, "-m", "cli.main", "photo", str(path), "--out", str(out), "--overwrite", "--quiet"]
    begin = time.perf_counter()
    child = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
    said = child.stderr.read().strip() if child.stderr else ""
    _, status, used = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - begin
    child.returncode = os.waitstatus_to_exitcode(status)
    cost = f"{seconds:5.1f} s, {used.ru_utime + used.ru_stime:5.1f} CPU s, {used.ru_maxrss / 1024:5.0f} MB"
    return f"{path.name:30} {cost}  {'made' if child.returncode == 0 else said}"


if __name__ == "__main__":
    main()
