# SPDX-License-Identifier: Apache-2.0
"""The users' own files of feature networks: where they lie, whether they are the known ones, and reading them as data.

Nothing is fetched from here. Weights are read by `portrait_core.safe_pickle`, which runs nothing; a TorchScript file is
a program, and is opened only where the user has stated its digest.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import logging
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, cast

import torch
from torch import Tensor

from portrait_core.errors import ModelFileError, UsageError
from portrait_core.safe_pickle.torch_file import is_torch_stream, is_torch_zip, read_torch_stream, read_torch_zip
from portrait_core.weights.registry import user_folders

FileName = Literal["inception", "vgg", "lpips"]
_log = logging.getLogger("portraitkit")


class NoNetworkError(UsageError):
    """A feature network's file is not there; ``which`` says whose."""

    def __init__(self, text: str, which: FileName) -> None:
        super().__init__(text)
        self.which = which


@dataclass(frozen=True)
class NetworkFile:
    """A file of weights: ``file`` its usual name, ``sha256`` what its digest begins with, and where it is got from."""

    file: str
    sha256: str
    about: str
    source: str


FILES: Mapping[FileName, NetworkFile] = MappingProxyType(
    {
        "inception": NetworkFile(
            "pt_inception-2015-12-05-6726825d.pth",
            "6726825d",
            "Inception-v3 of the published FID (91 MB)",
            "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
        ),
        "vgg": NetworkFile(
            "vgg16-397923af.pth",
            "397923af",
            "VGG16 of ImageNet (528 MB)",
            "https://download.pytorch.org/models/vgg16-397923af.pth",
        ),
        "lpips": NetworkFile(
            "lpips-vgg.pth",
            "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
            "the linear layers of LPIPS (7 KB)",
            "weights/v0.1/vgg.pth in the wheel of lpips 0.1.4",
        ),
    }
)
"""The known files. Names that end in eight hexadecimal digits hold the beginning of their digest."""


@dataclass(frozen=True)
class NetworkPlaces:
    """Where feature networks are.

    Attributes:
        paths: files that the user named; others are looked for in the models folders.
        unknown: whether a file with another digest than the known one's is taken, with a warning.
        torchscript: SHA-256 of TorchScript files that may be run.
    """

    paths: Mapping[FileName, Path] = field(default_factory=dict[FileName, Path])
    unknown: bool = False
    torchscript: tuple[str, ...] = ()


@dataclass(frozen=True)
class Weights:
    """What a file holds: ``tensors`` by name, or a TorchScript ``module``; and the file's SHA-256."""

    path: Path
    digest: str
    tensors: Mapping[str, Tensor]
    module: Any = None


def is_there(which: FileName, places: NetworkPlaces) -> bool:
    """Whether there is such a file, whatever it holds."""
    return which in places.paths or _kept(which) is not None


def read_network(which: FileName, places: NetworkPlaces) -> Weights:
    """The weights of a network.

    Raises:
        NoNetworkError: no file; the text says what to fetch and where to put it.
        ModelFileError: the file is another one, damaged, or a program that may not be run.
    """
    known, path = FILES[which], places.paths.get(which) or _kept(which)
    if path is None:
        raise NoNetworkError(
            f"{known.about} is not here. Fetch {known.source} and put it as {known.file} into {user_folders()[-1]}.",
            which,
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"cannot read {path}: {error.strerror or error}.") from error
    digest = hashlib.sha256(data).hexdigest()
    if _is_torchscript(data):
        return Weights(path, digest, {}, _opened(path, data, digest, places))
    if not digest.startswith(known.sha256):
        told = f"{path}: SHA-256 {digest}, but that of {known.file} begins with {known.sha256}"
        if not places.unknown:
            raise ModelFileError(f"{told}. It is damaged or another network; its figures compare with no others.")
        _log.warning("%s; figures by it compare with no others", told)
    return Weights(path, digest, _tensors(path, data))


def _kept(which: FileName) -> Path | None:
    """The file in the models folders; LPIPS also in its package, which is not imported."""
    found = [folder / FILES[which].file for folder in user_folders()]
    if which == "lpips":
        package = importlib.util.find_spec("lpips")
        if package is not None and package.origin is not None:
            found.append(Path(package.origin).parent / "weights" / "v0.1" / "vgg.pth")
    return next((each for each in found if each.is_file()), None)


def _is_torchscript(data: bytes) -> bool:
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return False
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def _opened(path: Path, data: bytes, digest: str, places: NetworkPlaces) -> Any:
    if digest not in {each.lower() for each in places.torchscript}:
        raise ModelFileError(
            f"{path} is TorchScript: a program, which is run only where its SHA-256 is stated. It is {digest}; "
            "state it if you trust where the file is from, or take the weights alone."
        )
    jit: Any = torch.jit  # its functions are typed in part
    try:
        return jit.load(io.BytesIO(data), map_location="cpu").eval()
    except (RuntimeError, ValueError) as error:
        raise ModelFileError(f"{path}: not a TorchScript file that this torch can open ({error}).") from error


def _tensors(path: Path, data: bytes) -> dict[str, Tensor]:
    try:
        if is_torch_stream(data):
            content: Any = read_torch_stream(data)
        elif zipfile.is_zipfile(io.BytesIO(data)):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                if not is_torch_zip(archive):
                    raise ModelFileError(f"{path}: a zip that holds no weights of torch.")
                content = read_torch_zip(archive, len(data))
        else:
            raise ModelFileError(f"{path}: not a file of weights that torch wrote.")
    except UsageError as error:
        raise ModelFileError(f"{path}: {error}") from error
    table = cast("dict[Any, Any]", content) if isinstance(content, dict) else {}
    return {str(name): torch.as_tensor(each) for name, each in table.items() if hasattr(each, "shape")}
