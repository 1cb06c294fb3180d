# SPDX-License-Identifier: Apache-2.0
"""Mutated copies of a published checkpoint, by the thousand: nothing runs, nothing crashes, hangs or fills the memory.

``python -m benchmarks.pickle_fuzz --count 10000`` writes benchmarks/results/pickle_fuzz.json. Each copy must end as the
original, as the original with other numbers (a pickle has no checksum: a flipped byte of a weight is another weight),
or in our own error. The canary (:mod:`benchmarks.fuzz`) hears of every import and file too.
"""

from __future__ import annotations

import lzma
import pickletools
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import fuzz

FIXTURE = Path(__file__).parents[1] / "tests" / "data" / "vectors" / "checkpoint_fixture.pkl.xz"
LONGEST = 5.0
"""Seconds of processor time that reading one copy may take."""

EVIL = (
    ("os", "system"), ("posix", "system"), ("builtins", "eval"), ("builtins", "exec"), ("builtins", "getattr"),
    ("builtins", "__import__"), ("subprocess", "Popen"), ("torch.hub", "load"), ("torch", "load"), ("pickle", "loads"),
    ("runpy", "run_path"), ("importlib", "import_module"), ("webbrowser", "open"), ("shutil", "rmtree"),
    ("torch.storage", "_load_from_file"), ("numpy", "load"), ("ctypes", "CDLL"), ("operator", "attrgetter"),
)  # fmt: skip
WATCHED = ("import", "os.", "subprocess.", "socket.", "shutil.", "exec", "compile", "pickle.", "open", "ctypes.")
WAYS = ("flip", "flip_code", "cut", "splice", "insert", "global", "blob", "repeat")


class Mutator:
    """Makes copies. Opcode places are found once."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.places: list[int] = []
        self.texts: list[tuple[int, int]] = []
        self.blobs: list[tuple[int, int]] = []
        operations = [(op.name, argument, place) for op, argument, place in pickletools.genops(data)]
        following = [place for _, _, place in operations[1:]] + [len(data)]
        for (name, argument, place), end in zip(operations, following, strict=True):
            assert place is not None and end is not None
            self.places.append(place)
            if name == "SHORT_BINUNICODE":
                self.texts.append((place, end))
            elif name in ("BINBYTES", "SHORT_BINBYTES") and len(argument) > 64:
                self.blobs.append((end - len(argument), end))

    def copy(self, number: int) -> tuple[str, bytes]:
        """The way and the bytes of copy ``number``; the same number gives the same copy."""
        draw = random.Random(number)
        way = WAYS[number % len(WAYS)]
        data = bytearray(self.data)
        if way == "flip":
            for _ in range(draw.randint(1, 16)):
                data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        elif way == "flip_code":
            for _ in range(draw.randint(1, 4)):
                data[min(len(data) - 1, draw.choice(self.places) + draw.randrange(3))] = draw.randrange(256)
        elif way == "cut":
            del data[draw.choice(self.places) + draw.randrange(4) :]
        elif way == "splice":
            begin, target = draw.choice(self.places), draw.choice(self.places)
            piece = data[begin : begin + draw.randint(1, 4000)]
            data[target : target + draw.randint(0, 400)] = piece
        elif way == "insert":
            codes = bytes(ord(op.code) for op in pickletools.opcodes)
            count = draw.randint(1, 12)
            piece = bytes(draw.choice(codes) if draw.random() < 0.7 else draw.randrange(256) for _ in range(count))
            place = draw.choice(self.places)
            data[place:place] = piece
        elif way == "global":
            module, name = draw.choice(EVIL)
            if draw.random() < 0.5:  # in place of a name that the file has
                index = draw.randrange(len(self.texts) - 1)
                for place, text in ((self.texts[index + 1], name), (self.texts[index], module)):
                    data[place[0] : place[1]] = _text(text)
            else:  # a call of its own, with an argument that would leave a trace
                call = _text(module) + _text(name) + b"\x93" + _text("touch portraitkit-canary") + b"\x85R0"
                place = draw.choice(self.places[2:])
                data[place:place] = call
        elif way == "blob":
            begin, end = draw.choice(self.blobs)
            for _ in range(draw.randint(1, 4)):
                data[begin + draw.randrange(min(end - begin, 420))] = draw.randrange(256)
        else:
            place = draw.choice(self.places[2:])
            data[place:place] = draw.choice((b"2", b"(", b"h\x00", b"}", b"l", b"\x94", b"b")) * draw.randint(1, 5000)
        return way, bytes(data)


def _text(text: str) -> bytes:
    raw = text.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


def read_copies(first: int, last: int) -> dict[str, Any]:
    """Read copies ``first`` to ``last``; how each way ended, and the worst of everything."""
    import torch

    from portrait_core.models.portrait_gan.importer import convert
    from portrait_core.safe_pickle.checkpoint import read_checkpoint_bytes

    torch.set_num_threads(1)
    data = lzma.decompress(FIXTURE.read_bytes())
    # Also imports all that reading imports; of the codecs of old text opcodes, Python's own reader of them.
    original = convert(read_checkpoint_bytes(data))
    for codec in ("raw_unicode_escape", "unicode_escape", "latin_1", "ascii"):
        "a".encode(codec)
    mutator = Mutator(data)

    def read(copy: bytes) -> Any:
        return convert(read_checkpoint_bytes(copy))

    def readings() -> Iterator[fuzz.Reading]:
        for number in range(first, last):
            way, copy = mutator.copy(number)
            what = f"copy {number} ({way})"
            yield fuzz.Reading(way, what, partial(read, copy), partial(_compare, original))

    good = ("equal", "other numbers", "refused")
    return fuzz.read_all(readings(), good=good, longest=LONGEST, watched=WATCHED)


def _compare(original: Any, found: Any) -> str:
    """Two imports: names and shapes have been checked already."""
    import torch

    same = all(torch.equal(found.tensors[key], tensor) for key, tensor in original.tensors.items())
    return "equal" if same and found.header.config == original.header.config else "other numbers"


if __name__ == "__main__":
    fuzz.main("pickle_fuzz", count=10_000)
