# SPDX-License-Identifier: Apache-2.0
"""The training: it learns, goes on where it stopped, and writes a file that makes avatars."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from portrait_core.errors import ModelFileError
from portrait_core.models.load import load_model
from portrait_core.models.starter.decoder import CanonicalSample
from portrait_core.recipe import Recipe
from portrait_core.training.starter import StarterTrainer, StarterTrainingConfig
from portrait_core.training.starter_losses import distance_loss, occupancy_loss, starter_loss
from portrait_core.training.starter_setup import attribute_list, starter_file
from portrait_core.world.assets import AssetFolders
from portrait_core.world.latent import NAMES, STYLES, Z_DIM

SMALL = StarterTrainingConfig(
    seed=3, device="cpu", steps=4, batch=2, points=128, mapping_batch=16, mapping_repeats=1, polish=3, polish_batch=16,
    point_scale=0.01,
)  # fmt: skip


def sample(**changes: torch.Tensor) -> tuple[CanonicalSample, dict[str, torch.Tensor]]:
    generator = torch.Generator().manual_seed(0)
    shape = (2, 200)
    body, hair, height = (torch.randn(shape, generator=generator) * 0.004 for _ in range(3))
    colours = [torch.rand(*shape, 3, generator=generator) for _ in range(3)]
    eye = (torch.rand(shape, generator=generator) > 0.9).float()
    truth = {"body": body, "hair": hair, "neckline": height, "eye": eye, "skin": colours[0], "cloth": colours[1],
             "hair_colour": colours[2]}  # fmt: skip
    said = {k: v for k, v in truth.items() if k != "eye"} | {"eye": (eye * 2 - 1) * 30, "lips": 0 * body} | changes
    return CanonicalSample(**said), truth


def test_the_truth_has_no_loss_and_everything_else_has():
    found, truth = sample()
    total, parts = starter_loss(found, truth, 0.001)
    assert abs(float(total)) < 1e-4
    assert all(abs(v) < 1e-4 for v in parts.values())
    for name in ("body", "hair", "neckline", "skin", "cloth", "hair_colour", "eye"):
        changed, _ = sample(**{name: getattr(found, name) + 0.003 if name != "eye" else -found.eye})
        assert float(starter_loss(changed, truth, 0.001)[0]) > 1e-3, name


def test_distances_beyond_reach_do_not_count():
    one = torch.ones(1)
    assert float(distance_loss(torch.tensor([0.5]), torch.tensor([0.04]), one)) == 0
    assert float(distance_loss(torch.tensor([0.001]), torch.tensor([0.0]), one)) == pytest.approx(0.003)
    assert float(occupancy_loss(torch.tensor([0.002]), torch.tensor([0.002]), one, 0.001)) == pytest.approx(0, abs=1e-6)
    assert float(occupancy_loss(torch.tensor([0.002]), torch.tensor([-0.002]), one, 0.001)) > 1


def test_attributes_cover_names_and_styles():
    found = attribute_list()
    assert [a.name for a in found[: len(NAMES)]] == list(NAMES)
    styles = found[len(NAMES) :]
    assert len(styles) == len(STYLES) == len({a.name for a in styles})
    assert all(a.direction is not None and len(a.direction) == Z_DIM for a in styles)


Run = tuple[StarterTrainer, Path, dict[str, float]]


@pytest.fixture(scope="module")
def run(assets: AssetFolders, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A trainer after four steps, its state after the first three, and what its fourth step said."""
    trainer = StarterTrainer(SMALL)
    state = tmp_path_factory.mktemp("run") / "x.state.safetensors"
    for _ in range(3):
        assert np.isfinite(list(trainer.advance().values())).all()
    trainer.save(state)
    return trainer, state, trainer.advance()


def test_a_restored_run_goes_on_alike(run: Run):
    trainer, state, fourth = run
    again = StarterTrainer(SMALL)
    again.restore(state)
    assert again.step == 3
    assert again.advance() == pytest.approx(fourth, rel=1e-6)
    for (name, p), q in zip(trainer.model.named_parameters(), again.model.parameters(), strict=True):
        if trainer.step == 4:
            torch.testing.assert_close(p, q, atol=1e-6, rtol=1e-5, msg=name)
    # And the polish too, from its own state.
    mapping = again.mapping_parameters()
    fixed = {n: p.detach().clone() for n, p in again.model.named_parameters() if n not in mapping}
    first = again.polish()
    assert np.isfinite(first) and again.step == 5
    polished = state.with_name("polished.safetensors")
    again.save(polished)
    second = again.polish()
    assert all(torch.equal(p, fixed[n]) for n, p in again.model.named_parameters() if n in fixed)
    trainer.restore(polished)
    assert trainer.step == 5 and trainer.polish() == pytest.approx(second, rel=1e-6)


def test_other_files_are_refused(run: Run, tmp_path: Path):
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"nothing")
    with pytest.raises(ModelFileError, match="bad"):
        run[0].restore(bad)
    with pytest.raises(ModelFileError, match="missing"):
        run[0].restore(tmp_path / "missing.safetensors")


def test_the_weights_file_is_the_network(run: Run, assets: AssetFolders, tmp_path: Path):
    model = run[0].averaged()
    # Three steps leave no bust: stand in a ball, so that the template has a surface.
    with torch.no_grad():
        model.decoder.out.weight.zero_()
        model.decoder.out.bias.fill_(0.5)
        model.decoder.out.bias[0] = -0.5
    path = tmp_path / "tiny.safetensors"
    header = starter_file(model, assets, path, {"steps": 3})
    loaded = load_model(str(path), "cpu")
    assert loaded.header.name == header.name == "starter" and loaded.header.training.metrics == {"steps": 3}
    assert not list(tmp_path.glob("*.tmp*"))
    assert (loaded.header.family, loaded.header.format_version) == ("starter", 2)
    z = np.random.default_rng(0).normal(size=(1, Z_DIM)).astype(np.float32)
    with torch.no_grad():
        expected = model.identity(model.mapping(torch.as_tensor(z)))
    found = loaded.person(Recipe(latent=tuple(map(float, z[0])))).identity
    torch.testing.assert_close(found.palette, expected.palette, atol=5e-3, rtol=0)
    torch.testing.assert_close(found.landmarks, expected.landmarks, atol=2e-3, rtol=0)
    torch.testing.assert_close(found.moved, expected.moved, atol=2e-3, rtol=0)
