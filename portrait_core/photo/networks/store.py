# SPDX-License-Identifier: Apache-2.0
"""Where the networks lie on this machine: one ``.safetensors`` file of the user's, arrays and graphs; loading runs
nothing of it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file  # pyright: ignore[reportUnknownVariableType]

from portrait_core.errors import ModelFileError, remedy
from portrait_core.files.whole_file import whole_file
from portrait_core.photo.networks.graph import Graph, StoredNetwork
from portrait_core.photo.networks.network import Network
from portrait_core.photo.networks.published import LICENCE, NAMES, NOTICE, NetworkName
from portrait_core.runtime.own_folders import data_folder

FOLDER_VARIABLE = "PORTRAITKIT_PHOTO"
"""The environment variable that puts the folder of the networks elsewhere."""
FILE = "networks.safetensors"
METADATA_KEY = "portraitkit_networks"


class _Contents(BaseModel):
    """What the file's header says: the graph of each network by its name, and their terms. Networks that a later
    version added are left alone: a graph is looked into when it is asked for."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    graphs: dict[str, dict[str, Any]]
    licence: str
    notice: str
    licence_text: str = ""


def networks_path() -> Path:
    """The file, which need not exist: in ``PORTRAITKIT_PHOTO``, or in the system's place for such data."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    return (Path(chosen).expanduser() if chosen else data_folder().path / "photo") / FILE


def save_networks(path: Path, networks: Mapping[NetworkName, StoredNetwork], licence_text: str = "") -> None:
    """Write ``networks`` with their terms to ``path``, whole or not at all; the same networks give the same bytes.

    Raises :class:`portrait_core.errors.OutputError` where that cannot be written.
    """
    arrays = {
        _tensor(name, number): np.ascontiguousarray(array)
        for name, network in networks.items()
        for number, array in network.arrays.items()
    }
    graphs = {str(name): network.graph.model_dump(mode="json") for name, network in networks.items()}
    contents = _Contents(graphs=graphs, licence=LICENCE, notice=NOTICE, licence_text=licence_text)
    text = json.dumps(contents.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    with whole_file(path, overwrite=True) as temporary:
        try:
            save_file(arrays, temporary, metadata={METADATA_KEY: text})  # one key: several come in any order
        except SafetensorError as error:
            raise OSError(None, str(error)) from error  # safetensors wraps the system's errors into its own
    forget_loaded()


def available(path: Path | None = None) -> tuple[NetworkName, ...]:
    """The networks that are set up here; none where there is no file. Raises :class:`ModelFileError` if damaged."""
    place = path or networks_path()
    graphs = _contents(place).graphs if place.is_file() else {}
    return tuple(name for name in NAMES if name in graphs)


def load_network(name: NetworkName, path: Path | None = None) -> Network:
    """A network that is set up; the same one each time. Raises :class:`ModelFileError`, with what to do, where it is
    not set up or its file is damaged."""
    return _loaded(name, path or networks_path())


def forget_loaded() -> None:
    """Load networks anew from now on: their file has changed."""
    _loaded.cache_clear()


@lru_cache(maxsize=len(NAMES))
def _loaded(name: NetworkName, place: Path) -> Network:
    if not place.is_file():
        raise _unusable(f"the networks that read pictures are not set up: there is no {place}.")
    stored = _contents(place).graphs.get(name)
    if stored is None:
        raise _unusable(f"{place}: has no network {name}.")
    try:
        graph = Graph.model_validate(stored)
        with _opened(place) as file:
            arrays: dict[int, NDArray[Any]] = {
                number: file.get_tensor(_tensor(name, number)) for number in graph.constants
            }
    except ValidationError as error:
        raise _unusable(f"{place}: the network {name} is not as expected; the file is damaged.") from error
    except (SafetensorError, OSError) as error:
        raise _unusable(f"{place}: {error}; the file is damaged.") from error
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise _unusable(f"{place}: holds values that are not finite.")
    return Network(StoredNetwork(graph, arrays)).eval()


def _contents(path: Path) -> _Contents:
    try:
        with _opened(path) as file:
            metadata: dict[str, str] = file.metadata() or {}
        return _Contents.model_validate_json(metadata.get(METADATA_KEY, ""))
    except (SafetensorError, OSError, ValidationError) as error:
        raise _unusable(f"{path}: is no file of networks, or damaged.") from error


def _opened(path: Path) -> Any:
    """The file as safetensors has it, which has no types for that."""
    return safe_open(str(path), "numpy")


def _tensor(name: str, number: int) -> str:
    return f"{name}.{number}"


def _unusable(text: str) -> ModelFileError:
    return ModelFileError(text, remedy=remedy("set_up_networks"))
