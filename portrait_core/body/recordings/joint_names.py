# SPDX-License-Identifier: Apache-2.0
"""Which of a skeleton's joints is which of SMPL's, by what programs call them.

Names of CMU's files, MotionBuilder, Mixamo, 3ds Max's Biped, Rokoko, Xsens, Daz, Unity, Unreal, VRM and SMPL.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_HIPS = ("hips", "hip", "pelvis", "mhips", "root", "torsohips")
_HEAD = ("head", "mhead")
_NECK = re.compile(r"neck\d*|neck(lower|upper)|(lower|upper)neck|mneck")
_SIDED: dict[str, tuple[str, ...]] = {
    "hip": ("upleg", "upperleg", "thigh", "hip", "femur", "legupper"),
    "knee": ("leg", "lowerleg", "shin", "calf", "knee", "tibia", "lowleg"),
    "ankle": ("foot", "ankle"),
    "foot": ("toebase", "toe", "toes", "toe0", "ball", "mtoe"),
    "collar": ("collar", "clavicle", "shoulder", "shoulders", "scapula"),
    "shoulder": ("arm", "upperarm", "uparm", "shldr", "humerus", "shoulder"),
    "elbow": ("forearm", "lowerarm", "elbow", "radius", "lowarm"),
    "wrist": ("hand", "wrist"),
}
"""Part of a side -> its names, the surest first; a shoulder is a collar where an arm follows it."""

_FIRST = re.compile(r"[A-Za-z0-9]+[ _.\-]+")
_PARTS = frozenset(word for words in _SIDED.values() for word in words)


def smpl_joints(names: Sequence[str], parents: Sequence[int]) -> dict[str, int]:
    """SMPL joint -> index of the joint that stands for it; those that are not found are left out.

    The spine is what lies between hips and neck, whatever it is called.
    """
    plain = _plain_names(names)
    found: dict[str, int] = {}
    hips = next((plain.index(name) for name in _HIPS if name in plain), None)
    if hips is None:
        hips = next((index for index, name in enumerate(plain) if name.endswith(("hips", "pelvis"))), None)
    if hips is None:
        return {}
    found["pelvis"] = hips
    for index, name in enumerate(plain):
        if (name in _HEAD or name.endswith("head")) and hips in _above(index, parents):
            found.setdefault("head", index)
    for side in ("left", "right"):
        _side(plain, parents, side, found)
    _middle(plain, parents, found)
    return found


def _side(plain: Sequence[str], parents: Sequence[int], side: str, found: dict[str, int]) -> None:
    own = {name.removeprefix(side): index for index, name in reversed(list(enumerate(plain))) if name.startswith(side)}
    taken: set[int] = set()
    for part, words in reversed(list(_SIDED.items())):  # from the hand inwards: the shoulder is decided by what is left
        if part == "collar":
            words = tuple(word for word in words if own.get(word) not in taken)
        index = next((own[word] for word in words if word in own and own[word] not in taken), None)
        if part == "hip" and index is None:
            continue
        if index is not None:
            found[f"{side}_{part}"] = index
            taken.add(index)
    knee, hip = found.get(f"{side}_knee"), found.get(f"{side}_hip")
    if hip is not None and knee is not None and hip not in _above(knee, parents):
        del found[f"{side}_hip"]


def _middle(plain: Sequence[str], parents: Sequence[int], found: dict[str, int]) -> None:
    """Spine and neck along the way from the hips to the head."""
    head = found.get("head")
    chain = [] if head is None else [index for index in reversed(_above(head, parents)) if index != head]
    hips = found["pelvis"]
    chain = chain[chain.index(hips) + 1 :] if hips in chain else []
    necks = [index for index in chain if _NECK.fullmatch(plain[index])]
    if necks:
        found["neck"] = necks[0]
        chain = chain[: chain.index(necks[0])]
    places = {0: (), 1: (0,), 2: (0, 2), 3: (0, 1, 2)}.get(len(chain))
    if places is None:
        found["spine1"], found["spine2"], found["spine3"] = chain[0], chain[len(chain) // 2], chain[-1]
    else:
        for index, place in zip(chain, places, strict=True):
            found[f"spine{place + 1}"] = index


def _above(index: int, parents: Sequence[int]) -> list[int]:
    """The joint and those above it, up to the root."""
    chain: list[int] = []
    while index >= 0:
        chain.append(index)
        index = parents[index]
    return chain


def _plain_names(names: Sequence[str]) -> list[str]:
    """`_plain` of each, without the word that most begin with: ``Robot_Hips``, ``Robot_LeftArm``, ..."""
    short = [_short(name) for name in names]
    firsts = Counter(found[0] for name in short if (found := _FIRST.match(name)))
    word, count = firsts.most_common(1)[0] if firsts else ("", 0)
    common = count > 0.6 * len(short) and count > 3 and word.lower()[:-1] not in _PARTS
    return [_plain(name.removeprefix(word) if common else name) for name in short]


def _short(name: str) -> str:
    """A name without its program's prefix."""
    short = name.rsplit(":", 1)[-1].rsplit("|", 1)[-1]
    return re.sub(
        r"^(mixamorig\d*|Bip\d+|bip\d+|CC_Base|Character\d*|ValveBiped|def|DEF|org|[mf]_avg|J_Bip(_C)?)[ _.-]+",
        "",
        short,
    )


def _plain(short: str) -> str:
    """A name without prefix, case and punctuation, the side in front: ``mixamorig:LeftArm``, ``Bip01 L UpperArm``."""
    short = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", short)
    words = [word for word in re.split(r"[ _.\-]+", short.lower()) if word]
    sides = {"l": "left", "r": "right", "left": "left", "right": "right"}
    side = ""
    for place in (0, -1):
        if len(words) > 1 and words[place] in sides:
            side = sides[words.pop(place)]
            break
    plain = "".join(words)
    plain = re.sub(r"^(spine|neck|upperarm|lowerarm|thigh|calf)0+(?=\d)", r"\1", plain)
    if not side and plain[:1] in sides and plain[1:] in _PARTS:
        return sides[plain[0]] + plain[1:]
    return side + plain
