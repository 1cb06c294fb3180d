# SPDX-License-Identifier: Apache-2.0
"""``report.md``: what came of a batch, in tables that a person reads and a diff shows."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import portrait_core
from portrait_core.batch.records import Record
from portrait_core.batch.run import Summary
from portrait_core.runtime.cores import available_cores

NAME = "report.md"
MOST = 50


Words = Callable[[Mapping[str, Any]], str]
"""A remedy's facts -> what to do, in the words of whoever runs the batch."""


def wordless(facts: Mapping[str, Any]) -> str:
    """No words for any remedy."""
    return ""


def report(records: Sequence[Record], planned: int, summary: Summary, words: Words = wordless) -> str:
    """Markdown about all records of a folder and about the run that just ended; ``words`` tells what to do about it."""
    by = {status: [each for each in records if each.status == status] for status in ("made", "rejected", "failed")}
    made = by["made"]
    lines = [
        "# Batch report",
        "",
        f"Portraitkit {portrait_core.__version__}, Python {platform.python_version()}, {platform.system()}, "
        f"{available_cores()} cores of the machine that kept the plan.",
        "",
        "| avatars | count |",
        "| --- | ---: |",
        f"| planned | {planned} |",
        f"| made | {len(made)} |",
        f"| of them, other seeds for rejected ones | {sum(each.replacement > 0 for each in made)} |",
        f"| rejected | {len(by['rejected'])} |",
        f"| failed | {len(by['failed'])} |",
        f"| left to make | {max(0, planned - len(records))} |",
        "",
        "| last run | |",
        "| --- | ---: |",
        f"| kept from before | {summary.kept} |",
        f"| made | {summary.made} |",
        f"| wall time | {_clock(summary.seconds)} |",
        f"| avatars an hour | {_rate(summary)} |",
    ]
    if summary.interrupted:
        lines.append("| interrupted | yes; run the same batch again to go on |")
    timed = [each for each in made if each.seconds]
    if timed:
        lines += ["", "| of the made ones | least | median | 95 % | most |", "| --- | ---: | ---: | ---: | ---: |"]
        for label, values, form in (
            ("seconds", [each.seconds for each in timed], "{:.1f}"),
            ("MB", [each.bytes / 1e6 for each in timed], "{:.2f}"),
            ("faces", [each.faces for each in timed], "{:.0f}"),
            ("quality", [each.score for each in timed], "{:.2f}"),
            ("memory of the worker, MiB", [each.memory_mib for each in timed], "{:.0f}"),
        ):
            marks = np.percentile(values, [0, 50, 95, 100])
            lines.append(f"| {label} | " + " | ".join(form.format(mark) for mark in marks) + " |")
        lines += ["", "| stage | seconds, median |", "| --- | ---: |"]
        stages: dict[str, list[float]] = {}
        for each in timed:
            for stage, seconds in each.stages.items():
                stages.setdefault(stage, []).append(seconds)
        lines += [f"| {stage} | {np.median(seconds):.2f} |" for stage, seconds in stages.items()]
    lines += _listed("Rejected", by["rejected"], [reason for each in by["rejected"] for reason in each.reasons], words)
    lines += _listed("Failed", by["failed"], [each.error.get("code", "") for each in by["failed"]], words)
    return "\n".join(lines) + "\n"


def _listed(title: str, records: Sequence[Record], reasons: Sequence[str], words: Words) -> list[str]:
    if not records:
        return []
    counts = ", ".join(f"{reason}: {count}" for reason, count in Counter(reasons).most_common())
    lines = ["", f"## {title}", "", counts, "", "| avatar | why |", "| --- | --- |"]
    for each in records[:MOST]:
        failure = f"{each.error.get('message', '')} {words(each.remedy)}".rstrip()
        why = ", ".join(each.reasons) if each.status == "rejected" else failure
        score = f" (quality {each.score:.2f})" if each.status == "rejected" else ""
        lines.append(f"| {_cell(each.name)} | {_cell(why)}{score} |")
    if len(records) > MOST:
        lines.append(f"| ... | and {len(records) - MOST} more in manifest.jsonl |")
    return lines


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _rate(summary: Summary) -> str:
    return f"{3600 * summary.made / summary.seconds:.0f}" if summary.made and summary.seconds else "-"
