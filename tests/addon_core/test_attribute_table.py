# SPDX-License-Identifier: Apache-2.0
"""The add-on's own table of attributes is the shipped model's: sliders before the engine has started are right."""

from __future__ import annotations

from portrait_core.weights.header import read_header
from portrait_core.weights.registry import find_model
from tests.addon_package.texts import attribute_table


def test_it_is_the_shipped_models() -> None:
    table = attribute_table()
    known = read_header(find_model("starter")).latent.attributes
    assert table.shipped() == [
        {"name": each.name, "description": each.description, "low": each.low, "high": each.high, "default": 0.0}
        for each in known
    ]


def test_groups_hold_each_attribute_once() -> None:
    table = attribute_table()
    names = [row.name for row in table.TABLE]
    found = table.grouped([*names, "ears_of_an_elf"])
    assert tuple(found) == table.GROUPS
    assert sorted(name for own in found.values() for name in own) == sorted([*names, "ears_of_an_elf"])
    assert found[table.OTHER] == ["ears_of_an_elf"]


def test_search_looks_at_names_and_ends() -> None:
    table = attribute_table()
    names = [row.name for row in table.TABLE]
    assert table.grouped(names, "nose") == {"Face": ["nose_width", "nose_length", "nose_bridge"]}
    assert table.grouped(names, " Muscular ") == {"Person": ["muscle"]}
    assert table.grouped(names, "nothing of the kind") == {}
