# SPDX-License-Identifier: Apache-2.0
"""Little memory: one line and exit code 1, whatever library is the one that finds none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from portrait_core.engine.faults import fault_of
from portrait_core.errors import UsageError
from portrait_core.geometry import sparse_solver
from portrait_core.geometry.sparse_solver import factorised
from portrait_core.runtime import memory

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
ROOT = Path(__file__).parents[2]


def limited(script: str, kilobytes: int, *words: str) -> subprocess.CompletedProcess[str]:
    """A Python script under ``ulimit -v``."""
    line = f'ulimit -v {kilobytes}; exec "$0" -c "$1" "${{@:2}}"'
    return subprocess.run(
        ["bash", "-c", line, sys.executable, script, *words],
        check=False,
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=600,
    )


COMMAND = "import sys; from cli.main import main; sys.exit(main())"


@pytest.mark.parametrize("kilobytes", [1_400_000])
def test_an_avatar_with_too_little_memory(tmp_path: Path, kilobytes: int) -> None:
    words = ("generate", "--seed", "7", "--faces", "500", "--texture-size", "512", "--lattice", "64", "--quiet")
    done = limited(COMMAND, kilobytes, *words, "--no-normal-map", "--out", str(tmp_path))
    assert done.returncode == 1, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("portrait: error: ") and "memory" in line
    assert not list(tmp_path.glob("*.glb"))


@pytest.mark.parametrize(
    "end",
    [
        "os.abort()",
        "os.kill(os.getpid(), 11)",
        "os.write(2, b'OpenBLAS error: Memory allocation still failed after 10 retries, giving up.\\n'); os._exit(1)",
        "os.write(2, b'terminate called after throwing an instance of std::bad_alloc\\n'); os.abort()",
        "raise MemoryError",
        "raise RuntimeError('DefaultCPUAllocator: can\\'t allocate memory: you tried to allocate 3 bytes')",
        "raise ImportError('x.so: failed to map segment: Cannot allocate memory')",
    ],
)
def test_a_library_that_ends_the_process_is_told_in_one_line(end: str) -> None:
    script = f"""
import os, sys
import cli.main
def app(*_, **__):
    {end}
cli.main.command = lambda: app
sys.exit(cli.main.main())
"""
    done = limited(script, 8_000_000, "doctor")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("portrait: error: out of memory.")


def test_what_is_no_lack_of_memory_comes_through_the_child() -> None:
    assert limited(COMMAND, 8_000_000, "--version").stdout.startswith("portraitkit ")
    done = limited(COMMAND, 8_000_000, "bake", "--mesh", "none.glb")
    assert done.returncode == 2 and "none.glb" in done.stderr and len(done.stderr.splitlines()) == 1
    start = "import os, sys, cli.main\ncli.main.command = lambda: lambda *_, **__: "
    end = "\nsys.exit(cli.main.main())"
    done = limited(f"{start}os.write(2, b'a note of native code') and 0{end}", 8_000_000)
    assert (done.returncode, done.stderr) == (0, "a note of native code")
    fault = limited(f"{start}1 / 0{end}", 8_000_000)
    assert fault.returncode == 1 and "ZeroDivisionError" in fault.stderr  # a fault of ours keeps its traceback


def chained() -> Exception:
    try:
        try:
            raise MemoryError
        except MemoryError:
            raise SystemError("error return without exception set")  # noqa: B904 - as C code does
    except SystemError as error:
        return error


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("std::bad_alloc"),
        RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"),
        ImportError("lib.so: cannot allocate memory in static TLS block"),
        OSError(12, "Cannot allocate memory"),
        chained(),
    ],
    ids=lambda error: f"{type(error).__name__} {error}"[:40],
)
def test_lack_of_memory_is_known_by_what_libraries_say(error: Exception) -> None:
    assert memory.is_out_of_memory(error)
    assert fault_of(error).code == "memory"


def test_what_may_be_lack_of_memory_is_so_only_where_little_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    error = ImportError("lib.so: failed to map segment from shared object")
    assert not memory.is_out_of_memory(error)
    forbidden = ImportError("lib.so: failed to map segment from shared object: Operation not permitted")
    monkeypatch.setattr(memory, "address_space_limit", lambda: 1 << 50)
    assert memory.is_out_of_memory(error)  # of a library that is larger than what is left
    assert not memory.is_out_of_memory(forbidden)
    monkeypatch.setattr(memory, "address_space_limit", lambda: 1 << 20)
    assert memory.is_out_of_memory(error)
    assert not memory.is_out_of_memory(ZeroDivisionError())
    assert fault_of(UsageError("faces 3 is out of range")).code == "usage"


def test_a_solve_is_not_begun_without_room_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = sparse.diags([np.full(999, -1.0), np.full(1000, 4.0), np.full(999, -1.0)], [-1, 0, 1])
    right = np.arange(1000.0)
    np.testing.assert_allclose(matrix @ factorised(matrix).solve(right), right, atol=1e-9)
    monkeypatch.setattr(sparse_solver, "FILL", 10**13)
    with pytest.raises(MemoryError):
        factorised(matrix)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_solve_of_numbers_that_are_none_is_refused(wrong: float) -> None:
    with pytest.raises(FloatingPointError, match="not finite"):
        factorised(sparse.diags([[1.0, wrong, 1.0]], [0]))
