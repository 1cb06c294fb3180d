# SPDX-License-Identifier: Apache-2.0
"""Runs the code blocks of the documentation: `python -m docs_site.blocks [PAGE ...]`.

Every block of `sh`, `console` and `python` is run, each page in a clean folder of its own. What differs from that
stands in the page, in a comment above the block:

* ``<!-- not run: WHY -->``: the block is not run.
* ``<!-- run: A => B; not A (WHY) -->``: ``A`` is replaced by ``B`` before it is run (so that 10,000 avatars are two),
  and lines that hold ``A`` are left out.

`portrait generate` and `portrait batch` get small maps and may replace what a line before them wrote: people try the
lines of a block one by one, and what is asked here is whether they work.

Files that a line mentions are made before it (docs_site/samples.py). A line that needs what is not at hand, such as
Blender or the networks that read photographs, is told as left out; everything else that fails ends in exit status 1.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from docs_site import samples
from docs_site.places import DOCS, ROOT

RUN = ("sh", "console", "python")
SHOWN = ("text", "json", "js", "csv", "powershell")
"""Languages that are only shown."""
LIMIT = 900
SHORTER = (
    ("portrait generate ", "portrait generate --overwrite --texture-size 512 "),
    ("portrait batch ", "portrait batch --texture-size 512 "),
    ("portrait photo me.jpg", "portrait photo me.jpg --overwrite"),
)
"""Words of every command, and what they are replaced by; what a line says itself comes later and counts."""
_FENCE = re.compile(r"^( *)```([\w-]*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_OUT = re.compile(r"--out[ =]([\w./-]+)")
_SAID = re.compile(r"<!-- (not run|run)(?:: ((?:(?!-->).)*?))? -->\s*\Z", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: where it stands, its language and text, and what the comment above it says."""

    page: Path
    line: int
    language: str
    text: str
    not_run: str = ""
    swaps: tuple[tuple[str, str], ...] = ()
    left_out: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def place(self) -> str:
        """As people find it."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    def swapped(self, text: str) -> str:
        """``text`` with what is replaced before it is run."""
        for old, new in self.swaps:
            text = text.replace(old, new)
        return text

    def lines(self) -> list[str]:
        """The commands of a block for the shell: comments and what programs answer left out, long lines joined."""
        text = self.text.replace("\\\n", " ")
        if self.language == "console":
            return [line[2:] for line in text.splitlines() if line.startswith("$ ")]
        return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]

    def why_not(self, line: str) -> str:
        """Why a line is not run, or nothing."""
        return next((why for what, why in self.left_out.items() if what in line), "")


def pages() -> list[Path]:
    """The pages with blocks of the project's own."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]


def blocks(page: Path) -> Iterator[Block]:
    """All blocks of a page; raises ValueError where a comment above one cannot be read."""
    text = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        indent, language, body = found.groups()
        body = "".join(line.removeprefix(indent) for line in body.splitlines(keepends=True))
        number = text.count("\n", 0, found.start()) + 1
        said = _SAID.search(text[: found.start()])
        block = Block(page, number, language, body)
        yield _with_words(block, said.group(1), said.group(2) or "") if said else block


def _with_words(block: Block, kind: str, words: str) -> Block:
    base = {"page": block.page, "line": block.line, "language": block.language, "text": block.text}
    if kind == "not run":
        if not words.strip():
            raise ValueError(f"{block.place}: <!-- not run --> wants a reason")
        return Block(**base, not_run=words)
    swaps: list[tuple[str, str]] = []
    left_out: dict[str, str] = {}
    for item in filter(None, (each.strip() for each in words.split(";"))):
        if (found := re.fullmatch(r"not (.+?) \((.+)\)", item, re.DOTALL)) is not None:
            left_out[found.group(1)] = found.group(2)
        elif " => " in item:
            old, new = item.split(" => ", 1)
            swaps.append((old, new))
        else:
            raise ValueError(f"{block.place}: neither `A => B` nor `not A (WHY)`: {item}")
        if (old := left_out and next(reversed(left_out))) and old not in block.text:
            raise ValueError(f"{block.place}: the block has no {old!r}")
    for old, _ in swaps:
        if old not in block.text:
            raise ValueError(f"{block.place}: the block has no {old!r}")
    return Block(**base, swaps=tuple(swaps), left_out=left_out)


@dataclass
class Tally:
    """What was run, and how it ended."""

    ran: int = 0
    blocks: int = 0
    failed: list[str] = field(default_factory=list[str])
    left: list[str] = field(default_factory=list[str])


def run_page(page: Path, tally: Tally) -> None:
    """Run the blocks of one page in a new folder, and remove it."""
    found = [block for block in blocks(page) if block.language in RUN]
    if not found:
        return
    folder = Path(tempfile.mkdtemp(prefix=f"docs-{page.stem}-"))
    not_made: set[str] = set()  # what lines that had to be left out would have written
    try:
        for block in found:
            if block.not_run:
                tally.left.append(f"{block.place}: {block.not_run}")
                continue
            tally.blocks += 1
            if block.language == "python":
                _step(block, block.swapped(block.text), [sys.executable, "-c"], folder, tally, not_made)
                continue
            for line in block.lines():
                if why := block.why_not(line):
                    tally.left.append(f"{block.place}: {line.partition('#')[0].strip()}: {why}")
                else:
                    _step(block, shorter(block.swapped(line)), ["bash", "-e", "-c"], folder, tally, not_made)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def shorter(line: str) -> str:
    """A command with what makes it quick, and repeatable in one folder."""
    for old, new in SHORTER:
        if line.startswith(old):
            return new + line.removeprefix(old)
    return line


def _step(block: Block, text: str, start: list[str], folder: Path, tally: Tally, not_made: set[str]) -> None:
    if missing := samples.prepare(text, folder) or not_made_before(text, not_made):
        not_made |= {name for name in _OUT.findall(text) if not (folder / name).exists()}
        tally.left.append(f"{block.place}: {text.partition('#')[0].strip()[:70]}: {missing}")
        return
    began = time.monotonic()
    try:
        done = subprocess.run(
            [*start, text], cwd=folder, env=surroundings(), capture_output=True, text=True, timeout=LIMIT, check=False
        )
        code, told = done.returncode, done.stderr.strip() or done.stdout.strip()
    except subprocess.TimeoutExpired:
        code, told = 124, f"not done after {LIMIT} s"
    tally.ran += 1
    first = text.strip().splitlines()[0].partition("  #")[0]
    print(
        f"{'ok  ' if code == 0 else 'FAIL'} {time.monotonic() - began:6.1f} s  {block.place}  {first[:90]}", flush=True
    )
    if code:
        tally.failed.append(f"{block.place}: {first}\n    {told[-1500:]}")


def not_made_before(text: str, names: set[str]) -> str:
    """Why a command cannot be run that reads one of ``names``; nothing where it reads none."""
    for word in re.split(r"[\s=\"']+", text):
        for name in names:
            if word == name or word.startswith(f"{name}/"):
                return f"{name} is not there, for the line that writes it was left out"
    return ""


def surroundings() -> dict[str, str]:
    """The environment of a block: this one's commands first, the repository's modules, Blender if it is here."""
    found = sorted((ROOT / ".cache").glob("bpy-4.5*/bin/python"))
    more = {"PORTRAITKIT_BLENDER": str(found[0])} if found else {}
    return {
        **os.environ,
        **{"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}", "PYTHONPATH": str(ROOT)},
        **{
            "PORTRAITKIT_CONFIG": str(Path(tempfile.gettempdir()) / "portraitkit-docs-config"),
            "COLUMNS": "120",
            **more,
        },
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m docs_site.blocks", description=__doc__)
    parser.add_argument("pages", nargs="*", type=Path, help="pages; all of them where none is named")
    options = parser.parse_args()
    tally = Tally()
    for page in [each.resolve() for each in options.pages] or pages():
        run_page(page, tally)
    print(f"\n{tally.ran} commands of {tally.blocks} blocks run, {len(tally.failed)} failed; left out, with reason:")
    print("".join(f"  {each}\n" for each in tally.left))
    for each in tally.failed:
        print(f"FAILED {each}", file=sys.stderr)
    return 1 if tally.failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
