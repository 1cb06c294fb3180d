# SPDX-License-Identifier: Apache-2.0
"""Latents out of files, and which space they are of: z, w or a row of w for each layer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from portrait_core.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from portrait_core.weights.header import ModelHeader

    Floats = NDArray[np.float64]

SPACES = {"z": "latent", "w": "w", "ws": "ws"}
"""Spaces by their names on the command line, with the recipe's field for each."""
LARGEST = 64_000_000


def check_space(space: str) -> None:
    """Refuse a ``--latent-space`` that is none."""
    if space not in ("auto", *SPACES):
        raise UsageError(f"--latent-space {space!r} is not known; it is auto, {', '.join(SPACES)}.")


def read_latent(path: Path) -> Floats:
    """The numbers of a JSON list or an .npy file, (N) or (rows, N); leading axes of one are taken away.

    Raises :class:`UsageError` for anything else. Nothing in the file is run: pickled objects are refused.
    """
    import numpy as np

    array = _read_array(path) if path.suffix.lower() == ".npy" else _read_list(path)
    while array.ndim > 1 and array.shape[0] == 1:
        array = array[0]
    if array.ndim not in (1, 2) or not array.size:
        raise UsageError(f"--latent {path}: expected a row of numbers or several; its shape is {array.shape}.")
    return np.atleast_1d(array)


def person_of(path: Path, space: str, header: ModelHeader) -> dict[str, Any]:
    """The recipe's field for the latent in ``path``; ``space`` auto tells it by its shape where only one fits.

    A row of z_dim numbers is a z. Raises :class:`UsageError` as :func:`read_latent`, and where no space or more than
    one may be meant.
    """
    check_space(space)
    array = read_latent(path)
    found = _space_of(path, array, header) if space == "auto" else space
    if found == "ws":
        rows = array[None] if array.ndim == 1 else array
        return {"ws": tuple(tuple(row) for row in rows.tolist())}
    if array.ndim != 1:
        raise UsageError(f"--latent {path}: {len(array)} rows; {found} is one row. Several are --latent-space ws.")
    return {SPACES[found]: tuple(array.tolist())}


def _space_of(path: Path, array: Floats, header: ModelHeader) -> str:
    z_dim, w_dim = header.latent.z_dim, header.w_dim
    width = array.shape[-1]
    if array.ndim == 1 and (width == z_dim or w_dim is None):
        return "z"
    if array.ndim == 1 and width == w_dim:
        return "w"
    if array.ndim == 2 and width == w_dim:
        return "ws"
    styles = "" if w_dim is None else f", a w or each row of ws {w_dim}"
    raise UsageError(
        f"--latent {path}: its shape is {array.shape}; a z of model {header.name} has {z_dim} numbers{styles}. "
        "Say which by --latent-space z, w or ws."
    )


def _read_array(path: Path) -> Floats:
    import numpy as np

    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"--latent {path}: {path.stat().st_size} bytes are too many for a latent.")
        loaded: Any = np.load(path, allow_pickle=False)
    except OSError as error:
        raise UsageError(f"--latent {path}: {error.strerror or error}.") from None
    except (ValueError, EOFError) as error:
        raise UsageError(f"--latent {path}: not an .npy file of numbers ({error}).") from None
    array = cast("NDArray[Any] | None", loaded if isinstance(loaded, np.ndarray) else None)
    if array is None or array.dtype.kind not in "fiu":
        raise UsageError(f"--latent {path}: not an .npy file of numbers.")
    return np.asarray(array, np.float64)


def _read_list(path: Path) -> Floats:
    import numpy as np

    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"--latent {path}: {error.strerror or error}.") from None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise UsageError(f"--latent {path}: expected a JSON list of numbers ({error}).") from None
    try:
        _check_numbers(content)
        return np.array(content, np.float64)
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise UsageError(f"--latent {path}: expected a JSON list of numbers.") from None


def _check_numbers(content: Any) -> None:
    for each in cast("list[Any]", content) if isinstance(content, list) else (content,):
        if isinstance(each, list):
            _check_numbers(each)
        elif not isinstance(each, int | float) or isinstance(each, bool):
            raise TypeError
