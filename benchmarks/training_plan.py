# SPDX-License-Identifier: Apache-2.0
"""A training step without numbers: every shape and device checked, arithmetic counted, memory estimated.

Whole iterations run on torch's fake tensors, which have shapes, types and devices but no content; so the published
configuration can be looked at on any machine, and as if on a card. What asks for content (the nearest triangle of a
point, Adam's counters) is left out; neither counts for much.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Generator, Iterable
from types import SimpleNamespace
from typing import Any, cast
from unittest import mock

import numpy as np
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from portrait_core.body.deformation import PoseWarp
from portrait_core.body.smpl import SmplModel
from portrait_core.body.template import SMPL_PARENTS
from portrait_core.models.portrait_gan.body import BodySizes, PublishedBody
from portrait_core.training.adversarial import networks as networks_room
from portrait_core.training.adversarial import parts, warp
from portrait_core.training.adversarial.config import TrainingConfig
from portrait_core.training.adversarial.moments import Moment
from portrait_core.training.adversarial.networks import build_networks, with_body
from portrait_core.training.adversarial.phases import Notes, Phases
from portrait_core.training.adversarial.processes import Processes


@dataclasses.dataclass(frozen=True)
class Plan:
    """Of one iteration: ``flops`` an image by phase (multiply and add count as two) and their ``total`` with the
    gradient penalty's share; peak ``memory`` in bytes, the optimisers' moments included; ``parameters`` of generator
    and discriminator; ``shapes`` of the pictures made."""

    flops: dict[str, float]
    total: float
    memory: int
    parameters: tuple[int, int]
    shapes: dict[str, tuple[int, ...]]


class _NoContent:
    """Pictures that have shapes only."""

    in_memory = True

    def __init__(self, size: int) -> None:
        self.size = size

    def draw(self, _rng: np.random.Generator, count: int) -> np.ndarray[Any, Any]:
        return np.zeros(count, np.int64)

    def labels_of(self, numbers: np.ndarray[Any, Any]) -> tuple[Tensor, Tensor]:
        return torch.zeros(len(numbers), 25), torch.zeros(len(numbers), 6)

    def pictures_of(self, numbers: np.ndarray[Any, Any]) -> tuple[Tensor, Tensor]:
        side = (self.size, self.size)
        return torch.zeros(len(numbers), 3, *side), torch.zeros(len(numbers), 1, *side)


class _Source(torch.Generator):
    """A generator that says it is on a card, where none is."""

    device = torch.device("cuda", 0)  # type: ignore[assignment]


class _Sourceless(TorchFunctionMode):
    """Random numbers of a card's generator, which only a card has: their shapes."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if isinstance(kwargs.get("generator"), _Source):
            kwargs.pop("generator")
        return func(*args, **kwargs)


def _nearest(_warp: PoseWarp, points: Tensor) -> tuple[Tensor, Tensor]:
    size, device = points.shape[:2], points.device
    return torch.zeros(size, dtype=torch.float64, device=device), torch.zeros(size, dtype=torch.int64, device=device)


def _constants(arrays: Any) -> SmplModel:
    return SmplModel(
        arrays.v_template, arrays.shapedirs, arrays.posedirs, arrays.J_regressor, SMPL_PARENTS, arrays.lbs_weights
    )


@contextlib.contextmanager
def _contentless(device: torch.device) -> Generator[None, None, None]:
    """Leaves out what asks tensors for their content."""
    source: torch.Generator = _Source() if device.type == "cuda" else torch.Generator()
    with contextlib.ExitStack() as stack:
        for owner, name, value in (
            (PoseWarp, "nearest", _nearest),
            (PublishedBody, "searched_faces", lambda body: body.aligned_SMPL.faces),
            (warp, "shared_corners", lambda *_: None),
            (parts, "number_sources", lambda *_: (np.random.default_rng(0), source)),
            (parts.Parts, "_sent", lambda own, each: each.to(device)),
            (torch.optim.Adam, "step", lambda *_: None),
            (torch.nn.Module, "to", lambda module, *_: module),
            # Copies of fake tensors would belong to a copy of their mode.
            (networks_room.copy, "deepcopy", lambda module: type(module)(module.config)),
        ):
            stack.enter_context(mock.patch.object(owner, name, value))
        stack.enter_context(mock.patch("portrait_core.models.portrait_gan.body._SmplArrays.constants", _constants))
        yield


def plan(config: TrainingConfig, *, images: int | None = None, memory: bool = True) -> Plan:
    """What one iteration with a gradient penalty asks for.

    Args:
        config: with the batch of one process; ``batch_gpu`` sets how much memory its parts need.
        images: shown before, None for the end of the training.
        memory: whether memory is followed, which takes longer.
    """
    flops: dict[str, float] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    with _phases(config, torch.device("cpu")) as phases:
        tracker = _Memory(phases.networks.named().values())
        counter = FlopCounterMode(display=False)
        seen = mock.patch.object(phases, "_step", _counted(phases, counter, flops)), _shapes_of(phases, shapes)
        with seen[0], seen[1], counter, tracker if memory else contextlib.nullcontext():
            phases.iteration(0, round(config.kimg * 1000) if images is None else images)
        networks = phases.networks
    parameters = tuple(
        sum(p.numel() for p in each.parameters()) for each in (networks.generator, networks.discriminator)
    )
    each = {name: value / config.batch for name, value in flops.items()}
    total = each["generator"] + each["discriminator"] + each["penalty"] / config.d_reg_interval
    # Adam's two moments come beside what was followed.
    return Plan(each, total, tracker.peak + 8 * sum(parameters), cast("tuple[int, int]", parameters), shapes)


def check_devices(config: TrainingConfig) -> int:
    """Compute all losses but the penalty as if on a card; how many operations that were.

    Raises:
        torch's FakeTensorDeviceMismatchError, naming the operation that mixes a card and the processor.
    """
    card = torch.device("cuda", 0)
    count = _Count()
    with _phases(config, card) as phases, _Sourceless(), count, torch.no_grad():
        moment = Moment.of(config, round(config.kimg * 1000))
        notes: Notes = {}
        for part in phases.parts.of(0):
            drawing = phases._drawing(part.rng, part.random, phases.at_once)
            losses = [phases.generator_loss(drawing, part.rng, part.random, moment, notes)]
            made = phases.make(drawing, part.random, moment)
            losses.append(phases.fake_loss(phases._augmented(made, part.random), moment, notes))
            real = phases._real(part, moment)
            losses.append(phases.real_loss(real.shown, real.c, moment, notes, real.poses))
            assert all(each.device == card for each in losses)
    return count.operations


GRAIN = 32 << 20
"""Memory is looked through when it may have grown by so much."""


class _Memory(TorchDispatchMode):
    """Bytes of all tensors that are alive at once, at their most, to `GRAIN`."""

    def __init__(self, modules: Iterable[nn.Module]) -> None:
        super().__init__()
        self._alive: dict[int, tuple[StorageWeakRef, int]] = {}
        self._now = self.peak = 0
        for each in modules:
            for tensor in (*each.parameters(), *each.buffers()):
                self._see(tensor)

    def _see(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        place, size = storage._cdata, storage.nbytes()
        known = self._alive.get(place)
        if known is not None:
            if not known[0].expired():
                return
            self._now -= known[1]
        self._alive[place] = StorageWeakRef(storage), size
        self._now += size
        if self._now > self.peak + GRAIN:
            for place, (reference, size) in list(self._alive.items()):
                if reference.expired():
                    del self._alive[place]
                    self._now -= size
            self.peak = max(self.peak, self._now)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        for each in pytree.tree_leaves(found):
            if isinstance(each, Tensor):
                self._see(each)
        return found


class _Count(TorchDispatchMode):
    operations = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.operations += 1
        return func(*args, **(kwargs or {}))


@contextlib.contextmanager
def _phases(config: TrainingConfig, device: torch.device) -> Generator[Phases, None, None]:
    """The phases of a configuration with the published body; inside, all tensors are fake."""
    config = dataclasses.replace(with_body(config, cast(Any, SimpleNamespace(sizes=BodySizes()))), compile=False)
    with FakeTensorMode(), _contentless(device):
        with torch.device(device):
            networks = build_networks(config, PublishedBody(BodySizes()))
        data = cast(Any, _NoContent(config.generator.img_resolution))
        yield Phases(networks, config, data, device, Processes())


def _counted(phases: Phases, counter: FlopCounterMode, flops: dict[str, float]) -> Any:
    step = phases._step

    @contextlib.contextmanager
    def counted(*given: Any) -> Generator[None, None, None]:
        name = ("generator", "discriminator", "penalty")[len(flops)]
        before = counter.get_total_flops()
        with step(*given):
            yield
        flops[name] = counter.get_total_flops() - before

    return counted


def _shapes_of(phases: Phases, shapes: dict[str, tuple[int, ...]]) -> Any:
    generate = phases.generate

    def watched(*given: Any, **named: Any) -> Any:
        made = generate(*given, **named)
        shapes.update({name: tuple(each.shape) for name, each in vars(made[0]).items()})
        return made

    return mock.patch.object(phases, "generate", watched)
