# SPDX-License-Identifier: Apache-2.0
"""All hair styles and garments of a template: first what controls they hang on, then the parts themselves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from portrait_core.parts.controls import Controls
from portrait_core.parts.garment import SHIRT, Garment
from portrait_core.parts.hair import HairStyle
from portrait_core.training.parts_template.garments import GARMENTS, Piece, cropped, garment, garment_proxy
from portrait_core.training.parts_template.hair import STYLES, hair_proxy, hair_style
from portrait_core.training.parts_template.proxy_mesh import Proxy
from portrait_core.training.parts_template.worn import Mannequin
from portrait_core.world.assets import AssetFolders


@dataclass(frozen=True, eq=False)
class Wardrobe:
    """What the data in ``assets`` has to wear, tried on the ``mannequin``. What is not there is left out."""

    assets: AssetFolders
    mannequin: Mannequin

    @cached_property
    def _hair(self) -> dict[str, Proxy]:
        there = [name for name in STYLES if (self.assets.hair / name).is_dir()]
        return {name: hair_proxy(self.assets.hair, name, self.mannequin) for name in there}

    @cached_property
    def _garments(self) -> dict[str, tuple[Proxy, Piece]]:
        there = [name for name in GARMENTS if (self.assets.makehuman / "clothes" / name).is_dir()]
        proxies = {name: garment_proxy(self.assets.makehuman / "clothes", name, self.mannequin) for name in there}
        return {name: (proxy, cropped(proxy, self.mannequin, fine=name == SHIRT)) for name, proxy in proxies.items()}

    @property
    def used(self) -> NDArray[np.int64]:
        """The base mesh's vertices that anything hangs on, growing."""
        found = [proxy.used for proxy in self._hair.values()]
        for proxy, piece in self._garments.values():
            found += [piece.rows.indices.astype(np.int64), proxy.pairs.ravel()]
        return np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)

    def hair(self, controls: Controls) -> dict[str, HairStyle]:
        """The hair styles over controls, which have all vertices of :attr:`used`."""
        folder = self.assets.hair
        return {name: hair_style(folder / name, proxy, self.mannequin, controls) for name, proxy in self._hair.items()}

    def garments(self, controls: Controls) -> dict[str, Garment]:
        """The garments over controls, which have all vertices of :attr:`used`."""
        folder = self.assets.makehuman / "clothes"
        made = self._garments.items()
        return {name: garment(folder / name, proxy, piece, self.mannequin, controls) for name, (proxy, piece) in made}
