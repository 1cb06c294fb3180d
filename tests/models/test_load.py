# SPDX-License-Identifier: Apache-2.0
"""Families: named by the header, told from the configuration of older files, refused when they are not known."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from portrait_core.errors import ModelFileError
from portrait_core.models.load import FAMILIES, capabilities_of, family_name, load_model
from portrait_core.models.portrait_gan.config import CanonicalOptions, GeneratorConfig
from portrait_core.networks.initialise import fill_normal
from portrait_core.weights.checkpoint import save_model
from portrait_core.weights.header import Latent, ModelHeader, parse_header, read_header, read_header_text
from portrait_core.weights.registry import find_model
from tests.analytic_model import HEADER, AnalyticModel

ROOT = Path(__file__).parents[2]


def header(**facts: object) -> ModelHeader:
    return ModelHeader(**{"name": "some", "licence": "CC0-1.0", "config": {}, "latent": Latent(z_dim=2)} | facts)


def test_files_of_version_1_are_told_by_their_configuration() -> None:
    published = GeneratorConfig()
    canonical = GeneratorConfig(superresolution=None, background=False, c_dim=0, canonical=CanonicalOptions())
    assert family_name(header(config=published.to_dict())) == "portrait_gan"
    assert family_name(header(config=canonical.to_dict())) == "starter"
    starter = read_header(find_model("starter"))
    assert (starter.format_version, starter.family, family_name(starter)) == (1, "", "starter")


def test_a_header_with_a_family_is_of_version_2(tmp_path: Path) -> None:
    for facts, version in (({}, 1), ({"family": "starter"}, 2)):
        path = tmp_path / f"{version}.safetensors"
        save_model(path, {"a": torch.ones(2)}, header(**facts))
        stored = json.loads(read_header_text(path))
        assert stored["format_version"] == version and stored.get("family") == facts.get("family")
        assert read_header(path).family == facts.get("family", "")
    wrong = json.dumps(stored | {"format_version": 1})
    with pytest.raises(ModelFileError, match=r"family 'starter' in a header of format version 1"):
        parse_header(wrong, path)


def test_an_unknown_family_is_named(tmp_path: Path) -> None:
    path = tmp_path / "later.safetensors"
    save_model(path, {"a": torch.ones(2)}, header(family="splats"))
    with pytest.raises(ModelFileError, match=r"family 'splats', which .* knows starter, portrait_gan\. Update"):
        load_model(path, "cpu")
    with pytest.raises(ModelFileError, match="splats"):
        capabilities_of(read_header(path))


def test_a_family_is_a_module_and_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "balls.safetensors"
    save_model(path, {"a": torch.ones(2)}, HEADER.model_copy(update={"digest": ""}))
    monkeypatch.setitem(FAMILIES, "analytic", "tests.analytic_model")
    assert isinstance(load_model(path, "cpu"), AnalyticModel)


def test_capabilities_of_a_header() -> None:
    starter = capabilities_of(read_header(find_model("starter")))
    assert starter == {"render", "styles", "parts"}
    whole = header(config=GeneratorConfig().to_dict(), discriminator={"img_resolution": 512})
    assert capabilities_of(whole) >= {"render", "pictures", "sharper_pictures", "drawn_pose", "predict_pose"}
    less = header(config=GeneratorConfig(superresolution=None, pose_branch=False).to_dict())
    assert not capabilities_of(less) & {"sharper_pictures", "drawn_pose", "predict_pose"}


def test_capabilities_are_known_without_torch() -> None:
    program = (
        "import sys\n"
        "from portrait_core.models.load import capabilities_of\n"
        "from portrait_core.weights.header import read_header\n"
        "from portrait_core.weights.registry import find_model\n"
        "assert 'render' in capabilities_of(read_header(find_model('starter')))\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_loading_does_not_import_the_compiler() -> None:
    """torch's compiler takes longer to import than everything else of a small model to load; nothing here compiles."""
    program = "import sys; from portrait_core import load_model; load_model('starter'); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "'torch.nn'" in done.stdout and "'torch._dynamo'" not in done.stdout


def test_on_the_meta_device_nothing_is_drawn() -> None:
    with torch.device("meta"):
        tensor = torch.empty(3)
    fill_normal(tensor, 1.0, None)
    made = torch.empty(3)
    fill_normal(made, 1.0, torch.Generator().manual_seed(0))
    assert tensor.is_meta and bool((made != 0).all())
