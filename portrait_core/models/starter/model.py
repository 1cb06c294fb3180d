# SPDX-License-Identifier: Apache-2.0
"""A weights file of the starter's family as a model."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from portrait_core.errors import ModelFileError, UsageError
from portrait_core.models.portrait_gan.config import GeneratorConfig
from portrait_core.models.starter.capabilities import capabilities
from portrait_core.models.starter.clothing import clothing_columns
from portrait_core.models.starter.generator import CanonicalGenerator
from portrait_core.models.starter.parts_template import looks_of, template_of
from portrait_core.models.starter.person import CanonicalPerson
from portrait_core.models.starter.settled import PreciseNetworks
from portrait_core.parts.person_look import PersonLook
from portrait_core.person import Origin, origin_of
from portrait_core.recipe import Recipe
from portrait_core.runtime.torch_threads import one_torch_thread
from portrait_core.weights.checkpoint import LoadedWeights, check_shapes
from portrait_core.weights.header import ModelHeader


class CanonicalAvatarModel:
    """A model with canonical options (the starter), a :class:`portrait_core.portrait_model.StyleModel`."""

    def __init__(self, loaded: LoadedWeights, device: torch.device) -> None:
        """Raises :class:`ModelFileError` when tensors and architecture do not fit or the template is missing."""
        self.header: ModelHeader = loaded.header
        self.capabilities = capabilities(loaded.header)
        config = GeneratorConfig.from_dict(loaded.header.config)
        with torch.device("meta"):
            network = CanonicalGenerator(config)
        check_shapes(loaded, {name: tuple(t.shape) for name, t in network.state_dict().items()})
        wanted = {name: t.dtype for name, t in network.state_dict().items()}
        state = {name: tensor.to(wanted[name]) for name, tensor in loaded.network().items()}
        network = CanonicalGenerator(config)
        network.load_state_dict(state)
        network.clothing_columns = clothing_columns(loaded.header, network.options.colours)
        self.network = network.to(device).eval().requires_grad_(False)
        self.device = device
        template = loaded.template()
        if not template:
            raise ModelFileError(f"{loaded.path}: no body template in it; the rig needs one.")
        self._template = {name: tensor.to(torch.float32).numpy() for name, tensor in template.items()}
        self._parts = template_of(loaded)
        self._precise = PreciseNetworks(self.network)

    def person(self, recipe: Recipe) -> CanonicalPerson:
        """The person that ``recipe`` says.

        Raises :class:`UsageError` for what the model does not know, and for ws whose rows differ: this architecture has
        one style vector for all its layers.
        """
        origin = origin_of(recipe, self.header, w_dim=self.network.config.w_dim, num_ws=self.network.num_ws)
        if origin.styles is not None and bool((origin.styles != origin.styles[:, :1]).any()):
            raise UsageError(
                f"ws: model {self.header.name} has one style vector for all layers, and these rows differ; give w, or "
                "rows that are the same."
            )
        return self._person(origin)

    def looks(self, latents: NDArray[np.float64]) -> list[PersonLook]:
        """What makes the parts of the persons of ``latents`` (N, z_dim) their own, at once: each as the person's
        :attr:`CanonicalPerson.look` but for the last bits. For those who try many persons. Raises as :meth:`person`."""
        first = Recipe(latent=tuple(float(each) for each in latents[0]), topology="parts")
        origin = origin_of(first, self.header, w_dim=self.network.config.w_dim, num_ws=self.network.num_ws)
        codes = self._precise.codes
        with torch.no_grad(), one_torch_thread():
            whole = codes.mapping(torch.as_tensor(latents).to(codes.identity_code.code_mean))
            rows = codes.backbone.mapping.truncate(whole.float().double(), origin.psi).float().double()
            return looks_of(codes, self.header, rows)

    def person_of_styles(self, styles: NDArray[np.float32]) -> CanonicalPerson:
        """The person of style rows (num_ws, w_dim), which are the same."""
        return self._person(Origin(None, np.asarray(styles, np.float32)[None]))

    def _person(self, origin: Origin) -> CanonicalPerson:
        return CanonicalPerson(
            self.header, self.capabilities, self.network, self._precise, self._template, origin, self._parts
        )
