# SPDX-License-Identifier: Apache-2.0
"""Loading the model of an order, as every command does it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from cli.show import Watcher

if TYPE_CHECKING:
    from portrait_core.portrait_model import PortraitModel


_log = logging.getLogger("portraitkit")


def load(model: Path, device: str, watcher: Watcher, title: str = "loading") -> PortraitModel:
    """The model in the file ``model``, ready on ``device``; the imports that it needs happen here.

    ``title`` is what ``watcher`` begins with: the thing itself where there is only one.
    """
    watcher.begin(title)
    watcher("model", 0.0)
    from portrait_core.models.load import load_model
    from portrait_core.runtime.devices import choose_device

    chosen = str(choose_device(device))
    _log.info("model %s on %s", model, chosen)
    return load_model(str(model), chosen)
