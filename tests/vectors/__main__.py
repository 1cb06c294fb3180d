# SPDX-License-Identifier: Apache-2.0
"""``python -m tests.vectors [DIR] [-v]``: check every file of a folder of test vectors; exit status 1 on a
failure."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import torch

from tests.vectors.locate import compact_vectors, full_vectors, vector_files
from tests.vectors.registry import FileReport, check_file


def describe(report: FileReport, seconds: float, *, verbose: bool) -> str:
    """The lines printed for one file."""
    verdict = "pass" if report.passed else "FAIL"
    worst = report.worst
    numbers = "-" if worst is None else f"worst {worst.error:9.2e} of {worst.tolerance:.0e}  {worst.name}"
    lines = [f"{verdict}  {report.name:28} {len(report.comparisons):4d} arrays {seconds:6.1f} s  {numbers}"]
    if report.problem is not None:
        lines.append(f"      {report.problem}")
    if report.unread:
        lines.append(f"      not checked: {', '.join(report.unread[:8])}{' ...' if len(report.unread) > 8 else ''}")
    for comparison in report.comparisons:
        if verbose or not comparison.passed:
            state = "ok " if comparison.passed else "BAD"
            lines.append(f"      {state} {comparison.error:9.2e} of {comparison.tolerance:.0e}  {comparison.name}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Check the folder and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.vectors", description=__doc__)
    parser.add_argument(
        "folder", nargs="?", type=Path, help="default: the full set when found, else tests/data/vectors"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="print every array")
    options = parser.parse_args(arguments)
    folder: Path = options.folder or full_vectors() or compact_vectors()
    files = vector_files(folder)
    if not files:
        print(f"{folder} holds no .npz or .pkl.xz files of test vectors", file=sys.stderr)
        return 1
    torch.set_num_threads(1)
    failed = 0
    for path in files:
        start = time.perf_counter()
        report = check_file(path)
        failed += not report.passed
        print(describe(report, time.perf_counter() - start, verbose=options.verbose), flush=True)
    print(f"{len(files) - failed} of {len(files)} files pass")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
