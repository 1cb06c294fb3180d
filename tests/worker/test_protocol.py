# SPDX-License-Identifier: Apache-2.0
"""Lines to messages and back, without a worker."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import get_args

import pytest

from portrait_core import protocol
from portrait_core.engine.faults import ADVICE
from portrait_core.worker.jobs import JOBS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"", "not a JSON object"),
        (b"nonsense", "not a JSON object"),
        (b"[1]", "got list"),
        (b'"text"', "got str"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"id":"a","x":NaN}', "NaN"),
        (b'{"id":"a","x":-Infinity}', "-Infinity"),
        (b'{"id":"a","x":1e999}', "too large"),
        (b'{"id":"a","x":' + b"9" * 5000 + b"}", "limit"),
        (b"[" * 100_000, "inside each other"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "inside each other"),
        (b'{"a":"' + b"x" * protocol.MAX_LINE + b'"}', "at most"),
    ],
)
def test_what_is_no_message_is_refused(line: bytes, words: str) -> None:
    with pytest.raises(protocol.ProtocolError, match=words):
        protocol.decode(line)


def test_brackets_in_texts_are_no_depth() -> None:
    text = "[{" * 500 + '\\"' + "]"
    message = {"id": "a", "text": text}
    assert protocol.decode(protocol.encode(message)) == message


def test_messages_come_back_whole() -> None:
    message = {"id": "ü", "text": "line\nend \u2028 \ud800 ", "n": [1, -2.5, None, True]}
    line = protocol.encode(message)
    assert line.count(b"\n") == 1 and line.isascii()
    assert protocol.decode(line) == message


@pytest.mark.parametrize("bad", [{"x": float("nan")}, {"x": object()}, {"x": "y" * protocol.MAX_LINE}])
def test_what_fits_no_line_is_not_sent(bad: dict[str, object]) -> None:
    with pytest.raises(protocol.ProtocolError):
        protocol.encode(bad)


def test_requests_carry_their_id_into_the_error() -> None:
    for line, code, number in (
        (b'{"do":"ping"}', "bad_request", None),
        (b'{"id":7,"do":"ping"}', "bad_request", None),
        (b'{"id":"","do":"ping"}', "bad_request", None),
        (b'{"id":"a"}', "bad_request", "a"),
        (b'{"id":"a","do":[]}', "bad_request", "a"),
        (b'{"id":"a","do":"fly"}', "unknown_request", "a"),
    ):
        with pytest.raises(protocol.ProtocolError) as caught:
            protocol.decode_request(line)
        assert (caught.value.code, caught.value.id) == (code, number)


def test_lists_of_the_protocol_agree_with_the_worker() -> None:
    assert set(JOBS) == set(protocol.JOBS)
    assert set(ADVICE) == set(protocol.ERROR_CODES) == set(get_args(protocol.ErrorCode))
    text = (ROOT / "docs/worker-protocol.md").read_text(encoding="utf-8")
    for name in (*protocol.JOBS, *protocol.QUICK):
        assert re.search(rf"^\| `{name}[ `]", text, flags=re.MULTILINE), name
    for code in protocol.ERROR_CODES:
        assert f"| `{code}` |" in text


def test_protocol_imports_the_standard_library_only() -> None:
    tree = ast.parse((ROOT / "portrait_core/protocol.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert all(name.split(".")[0] in sys.stdlib_module_names for name in names)
