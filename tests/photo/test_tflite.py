# SPDX-License-Identifier: Apache-2.0
"""Stored networks: read as they were written, refused where they are damaged."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.errors import ModelFileError
from portrait_core.photo.networks.network import Network
from portrait_core.photo.networks.tflite import read_tflite
from tests.photo.tflite_file import number, tflite

ADD, DEQUANTIZE, CONV, UNKNOWN = 0, 6, 3, 114


def small_file() -> bytes:
    """A convolution of 2 x 2 by (2, 1, 1, 3) with weights of 16 bits that are widened, then a sum with ReLU."""
    kernels = np.arange(6, dtype=np.float16).reshape(2, 1, 1, 3) - 2
    return tflite(
        [
            ((1, 2, 2, 3), None),
            ((2, 1, 1, 3), kernels),
            ((2, 1, 1, 3), None),
            ((2,), np.array([0.5, -3.0], np.float32)),
            ((1, 2, 2, 2), None),
            ((1, 2, 2, 2), None),
        ],
        [
            (DEQUANTIZE, [1], [2], None),
            (CONV, [0, 2, 3], [4], {0: number("<b", 1), 1: number("<i", 1), 2: number("<i", 1)}),
            (ADD, [4, 4], [5], {0: number("<b", 1)}),
        ],
        [0],
        [5],
    )


def test_a_network_is_read_as_it_was_written() -> None:
    stored = read_tflite(small_file(), "small.tflite")
    assert [each.kind for each in stored.graph.operations] == ["CONV_2D", "ADD"]
    assert stored.graph.input_shape == (1, 2, 2, 3)
    assert {number: array.dtype.name for number, array in stored.arrays.items()} == {2: "float16", 3: "float32"}
    options = stored.graph.operations[0].options
    assert (options["stride_w"], options["dilation_h"], options["fused_activation"]) == (1, 1, 0)
    values = np.random.default_rng(1).normal(size=(2, 2, 3)).astype(np.float32)
    expected = values @ np.array([[-2, 1], [-1, 2], [0, 3]], np.float32) + [0.5, -3.0]
    (found,) = Network(stored).read(values)
    assert np.allclose(found, np.maximum(2 * expected, 0), atol=1e-5)


def test_another_shape_of_input_is_refused() -> None:
    network = Network(read_tflite(small_file(), "small.tflite"))
    with pytest.raises(ValueError, match=r"expected \(1, 2, 2, 3\), got \(1, 3, 2, 3\)"):
        network.read(np.zeros((3, 2, 3), np.float32))


def test_no_damage_escapes_as_anything_but_a_line() -> None:
    """Every byte changed, every length cut: the file is read, or refused in one way."""
    data = small_file()
    read = refused = 0
    for place in range(len(data)):
        for value in (0x00, 0x7F, 0xFF):
            damaged = bytearray(data)
            damaged[place] = value
            try:
                read_tflite(bytes(damaged), "x.tflite")
                read += 1
            except ModelFileError as error:
                assert str(error).startswith("x.tflite: ")
                refused += 1
    assert read > 100
    assert refused > 100
    for length in range(len(data)):
        with pytest.raises(ModelFileError):
            read_tflite(data[:length], "x.tflite")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"TFL3" * 2, "no file of this kind|damaged"),
        (tflite([((1,), None)], [], [0], [0], identifier=b"OTHR"), "begins with b'OTHR', expected 'TFL3'"),
        (tflite([((1,), None)] * 2, [(UNKNOWN, [0], [1], None)], [0], [1]), "operation 114 with 1 outputs"),
        (tflite([((1,), None)] * 2, [(ADD, [0, 0], [1], None)], [0, 1], [1]), "has 2 inputs, expected one"),
        (tflite([((1,), None)] * 3, [(ADD, [0, 2], [1], None)], [0], [1]), r"uses the values \[2\]"),
        (tflite([((1,), None), ((2,), np.zeros(3, np.float32))], [], [0], [0]), "has 12 bytes, expected 8"),
        (tflite([((1,), None), ((1,), np.zeros(1))], [], [0], [0]), "numbers of type 10"),
        (tflite([((1,), None)], [(ADD, [0, 9], [0], None)], [0], [0]), "names entry 9 of 1"),
    ],
)
def test_what_cannot_be_used_says_why(data: bytes, message: str) -> None:
    with pytest.raises(ModelFileError, match=message):
        read_tflite(data, "x.tflite")
