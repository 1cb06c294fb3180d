# SPDX-License-Identifier: Apache-2.0
"""The steps of a Dockerfile without Docker: each in a clean folder and a fresh environment of this Python.

    python -m tests.packages.docker_steps [Dockerfile | docker/batch.Dockerfile ...]

What this can't show: that the base image exists and holds what it is trusted to hold (here a fresh environment stands
for its Python), the layers, and running as another user. ``FROM``, ``ARG``, ``ENV``, ``WORKDIR``, ``COPY`` and ``RUN``
are carried out in order, then the entry point with ``CMD``, and last what its use is: an avatar, a batch of two, or the
page of the studio, asked for with the token that it prints.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
KNOWN = ("FROM", "ARG", "ENV", "WORKDIR", "COPY", "RUN", "EXPOSE", "ENTRYPOINT", "CMD")
SMALL = ("--faces", "4000", "--texture-size", "512", "--quiet")
USES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Dockerfile": (("generate", "--seed", "7", *SMALL, "--out", "avatars"), ("avatars/starter-7.glb",)),
    "docker/batch.Dockerfile": (("--seeds", "0-1", *SMALL), ("starter-0.glb", "starter-1.glb", "manifest.jsonl")),
    "docker/studio.Dockerfile": ((), ()),
}
"""For each file the words behind its entry point, and what they must leave in the working folder."""


def main() -> None:
    count = 0
    for name in sys.argv[1:] or list(USES):
        with tempfile.TemporaryDirectory() as folder:
            count += carry_out(name, Path(folder))
    print(f"{count} passed, 0 failed")


def steps(text: str) -> Iterator[tuple[str, str]]:
    """Instruction and its words, lines that go on joined."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        instruction, _, rest = line.strip().partition(" ")
        if instruction not in KNOWN:
            sys.exit(f"Dockerfile: {instruction} is not known here; teach tests/packages/docker_steps.py about it.")
        yield instruction, rest.strip()


def carry_out(name: str, base: Path) -> int:
    root, python = base / "root", base / "python"
    root.mkdir(parents=True)
    venv.create(python, with_pip=True, symlinks=os.name != "nt")
    # Nothing of this machine's own but the way to the package index and its certificates.
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))}
    variables = {**kept, "PATH": f"{python / 'bin'}:/usr/bin:/bin", "LANG": "C.UTF-8"}
    arguments: dict[str, str] = {}
    where, entry, words = root, [""], [""]
    count = 0
    for instruction, rest in steps((ROOT / name).read_text(encoding="utf-8")):
        print(f"{instruction} {rest}", flush=True)
        match instruction:
            case "FROM":
                version = rest.partition(":")[2].partition("-")[0]
                if version != f"{sys.version_info[0]}.{sys.version_info[1]}":
                    sys.exit(f"run this with Python {version}, which the image has")
            case "ARG":
                argument, _, value = rest.partition("=")
                arguments[argument] = os.environ.get(argument, value.strip('"'))
            case "ENV":
                variables |= {each: _inside(value, root) for each, _, value in (w.partition("=") for w in rest.split())}
            case "WORKDIR":
                where = root / rest.lstrip("/")
                where.mkdir(parents=True, exist_ok=True)
            case "COPY":
                *sources, target = rest.split()
                for source in sources:
                    _copy(source, where / target)
            case "RUN":
                count += 1
                subprocess.run(["/bin/sh", "-c", rest], cwd=where, env={**variables, **arguments}, check=True)
            case "EXPOSE":
                pass
            case "ENTRYPOINT":
                entry = json.loads(rest)
            case _:
                words = json.loads(rest)
    if "studio" in entry:
        return count + _answers([*entry, *words], where, variables)
    subprocess.run([*entry, *words], cwd=where, env=variables, check=True, stdout=subprocess.DEVNULL)
    used, expected = USES[name]
    subprocess.run([*entry, *used], cwd=where, env=variables, check=True)
    for each in expected:
        assert (where / each).stat().st_size > 500, each
    return count + 1 + len(expected)


def _answers(command: list[str], where: Path, variables: dict[str, str]) -> int:
    """Start the studio, fetch its page by the address that it prints, and end it."""
    server = subprocess.Popen(command, cwd=where, env={**variables, "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        told = server.stdout.readline().decode()
        found = re.search(r":(\d+)/\?token=([\w-]+)", told)
        assert found, f"no address with a token: {told!r}"
        address = f"http://127.0.0.1:{found[1]}/"
        try:
            urllib.request.urlopen(address)
        except urllib.error.HTTPError as refused:
            assert refused.code == 403, refused
        else:
            raise AssertionError("the page came without a token")
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        page = opener.open(f"{address}?token={found[2]}").read()
        assert b"<title>Portrait studio</title>" in page
    finally:
        server.terminate()
        server.wait(30)
    return 2


def _inside(value: str, root: Path) -> str:
    """Paths of the image are folders below ``root`` here."""
    if not value.startswith("/"):
        return value
    (root / value.lstrip("/")).mkdir(parents=True, exist_ok=True)
    return str(root / value.lstrip("/"))


def _copy(source: str, target: Path) -> None:
    if (ROOT / source).is_dir():
        shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / source, target / source)


if __name__ == "__main__":
    main()
