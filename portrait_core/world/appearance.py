# SPDX-License-Identifier: Apache-2.0
"""Surface colours of the canonical bust: skin, eyes, hair and clothing, as sRGB albedo.

All functions broadcast: attributes are given as arrays (B, 1) or (B, 1, 3), sites as arrays (B, M) or (1, M), so that
one call paints many points of many identities. Coordinates ``p`` are canonical, relative to the middle of the eyes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from portrait_core.models.starter.eye_colour import eye_colour as canonical_eye_colour
from portrait_core.world.canonical_body import EAR, EAR_SIZE, EYE_MIDDLE, BodyDistance
from portrait_core.world.hair_volumes import HairVolumes
from portrait_core.world.latent import STYLES, Attributes
from portrait_core.world.noise import lattice_noise, smoothstep

FloatArray: TypeAlias = NDArray[Any]
"""float32; numpy's type hints, unlike numpy, widen it to float64 when a plain number comes in."""

CROWN = np.array([0.0, 0.115, -0.115], np.float32)
"""Where the hair's flow starts, relative to the middle of the eyes."""


@dataclass(frozen=True)
class SkinSites:
    """What painting needs to know of body points; every array is (M,) except ``p`` (M, 3)."""

    p: FloatArray
    ao: FloatArray
    lip: FloatArray
    lid: FloatArray
    mouth: FloatArray
    scalp: FloatArray
    blotch: FloatArray
    grain: FloatArray
    freckle: FloatArray
    spot: FloatArray
    line: FloatArray
    brow: FloatArray
    beard: FloatArray
    weave: FloatArray
    fold: FloatArray

    def __getitem__(self, index: NDArray[np.integer] | slice) -> SkinSites:
        return SkinSites(**{f.name: getattr(self, f.name)[index] for f in fields(self)})


@dataclass(frozen=True)
class HairSites:
    """What painting and shaping hair needs to know of points; (M,) each, ``styles`` (M, 11), ``p`` (M, 3)."""

    p: FloatArray
    styles: FloatArray
    straight: FloatArray
    curly: FloatArray
    curl: FloatArray
    grain: FloatArray

    def __getitem__(self, index: NDArray[np.integer] | slice) -> HairSites:
        return HairSites(**{f.name: getattr(self, f.name)[index] for f in fields(self)})


def skin_sites(body: BodyDistance, hair: HairVolumes, bary: FloatArray, face: NDArray[np.int32]) -> SkinSites:
    """Describe the closest body points given by ``bary`` (M, 3) and ``face`` (M,)."""
    values = {name: body.vertex_values(getattr(body.body, name), bary, face) for name in _VERTEX_VALUES}
    return skin_sites_from(body.vertex_values(body.body.vertices, bary, face), hair, values)


_VERTEX_VALUES = ("ao", "lip", "lid", "mouth")


def skin_sites_from(point: FloatArray, hair: HairVolumes, values: dict[str, FloatArray]) -> SkinSites:
    """Describe body points (M, 3) with given occlusion, lip mask and distances to lids and mouth."""
    p = point - EYE_MIDDLE
    x, y, z = p.T
    stroke = np.stack([np.abs(x) * 520 + y * 420, y * 160 - np.abs(x) * 60, z * 10], -1)
    return SkinSites(
        p=p,
        scalp=hair.sample(point)[:, STYLES.index("short01")],
        blotch=0.15 * lattice_noise(p * 60) + 0.12 * lattice_noise(p * 130) + 0.06 * lattice_noise(p * 260),
        grain=0.03 * lattice_noise(p * 35) + 0.03 * lattice_noise(p * 90) + 0.02 * lattice_noise(p * 210),
        freckle=np.clip(lattice_noise(p * 330) - 0.35, 0, 1) * 1.4,
        spot=np.clip(lattice_noise(p * 150 + 7) - 0.5, 0, 1),
        line=lattice_noise(p * 30),
        brow=lattice_noise(stroke),
        beard=lattice_noise(p * 420),
        weave=0.05 * lattice_noise(p * 300) + 0.06 * lattice_noise(p * 25),
        fold=lattice_noise(p * 22),
        **values,
    )


def hair_sites(hair: HairVolumes, points: FloatArray) -> HairSites:
    """Describe canonical points (M, 3) for shaping and painting hair."""
    p = (points - EYE_MIDDLE).astype(np.float32)
    return HairSites(
        p=p,
        styles=hair.sample(points),
        straight=_strands(p, 0.0),
        curly=_strands(p, 1.0),
        curl=0.6 * lattice_noise(p * 45) + 0.4 * lattice_noise(p * 95),
        grain=lattice_noise(p * 180),
    )


def _strands(p: FloatArray, curl: float) -> FloatArray:
    """Strand pattern in [-1, 1] along the flow of the hair from the crown."""
    d = p - CROWN
    azimuth = np.arctan2(d[:, 0], d[:, 2] + 1e-6)
    radius = np.linalg.norm(d[:, [0, 2]], axis=1)
    along = np.where(d[:, 1] > 0, np.arctan2(radius, np.abs(d[:, 1]) + 1e-6) * 0.1, 0.157 - d[:, 1])
    bent = azimuth + 0.10 * curl * np.sin(along * 90 + 3 * lattice_noise(p * 20))
    broad = np.stack([np.cos(bent) * 9, np.sin(bent) * 9, along * 14], -1)
    fine = np.stack([np.cos(bent) * 24, np.sin(bent) * 24, along * 16 + 5], -1)
    return 0.6 * lattice_noise(broad.astype(np.float32)) + 0.4 * lattice_noise(fine.astype(np.float32))


class Look:
    """Attributes of a batch as float32 arrays (B, 1) and colours (B, 1, 3), ready to broadcast over points."""

    def __init__(self, a: Attributes) -> None:
        for name in ("gender", "age", "tone", "redness", "freckles", "brow", "brow_tone", "stubble", "grey", "volume",
                     "curl", "cut", "neck_depth", "neck_shape", "stripes", "wrinkles"):  # fmt: skip
            setattr(self, name, getattr(a, name).astype(np.float32)[:, None])
        for name in ("skin", "lip", "hair", "cloth", "cloth_stripe", "iris", "style"):
            setattr(self, name, getattr(a, name).astype(np.float32)[:, None, :])

    gender: FloatArray
    age: FloatArray
    tone: FloatArray
    redness: FloatArray
    freckles: FloatArray
    brow: FloatArray
    brow_tone: FloatArray
    stubble: FloatArray
    grey: FloatArray
    volume: FloatArray
    curl: FloatArray
    cut: FloatArray
    neck_depth: FloatArray
    neck_shape: FloatArray
    stripes: FloatArray
    wrinkles: FloatArray
    skin: FloatArray
    lip: FloatArray
    hair: FloatArray
    cloth: FloatArray
    cloth_stripe: FloatArray
    iris: FloatArray
    style: FloatArray


def _mix(a: FloatArray, b: FloatArray, t: FloatArray) -> FloatArray:
    return a + (b - a) * t[..., None]


def _blob(p: FloatArray, centre: tuple[float, ...], size: tuple[float, ...]) -> FloatArray:
    """A soft ball on both sides of the face."""
    x = (np.abs(p[..., 0]) - centre[0]) / size[0]
    y = (p[..., 1] - centre[1]) / size[1]
    z = (p[..., 2] - centre[2]) / size[2]
    return np.exp(-(x * x + y * y + z * z))


def neckline(p: FloatArray, a: Look) -> FloatArray:
    """Signed height above the neckline in metres, roughly a distance: negative where clothing is."""
    x, y, z = p[..., 0], p[..., 1], p[..., 2]
    rim = -0.158 + (z + 0.14) * -0.55 + 0.55 * np.clip(np.abs(x) - 0.055, 0, 0.1)
    width = 0.045 + 0.05 * a.neck_shape
    hollow = np.clip(1 - (np.abs(x) / width) ** (1.0 + 1.2 * a.neck_shape), 0, 1)
    front = smoothstep(z, -0.10, -0.04)
    return y - (rim - a.neck_depth * hollow * front - 0.35 * a.neck_depth * front)


def clothing_thickness(s: SkinSites, a: Look, height: FloatArray) -> FloatArray:
    """How far the clothing stands off the body (metres), zero above the neckline; ``height`` from :func:`neckline`."""
    low = -s.p[..., 1]
    loose = 0.0045 + 0.0035 * smoothstep(low, 0.18, 0.30) + 0.0022 * s.fold * smoothstep(low, 0.2, 0.3)
    worn = 1 - smoothstep(height, -0.003, 0.003)
    return worn * (loose + 0.002 * smoothstep(height, -0.013, -0.010))


def hair_distance(s: HairSites, a: Look) -> FloatArray:
    """Signed distance to the hair (metres, negative inside) at the sites' points."""
    blend = (s.styles * a.style).sum(axis=-1) - a.volume
    wave = 0.012 * np.sin(s.p[..., 0] * 55) + 0.008 * np.sin(s.p[..., 2] * 70 + 1) + 0.006 * np.sin(s.p[..., 0] * 130)
    # Hair below the jaw ends at the cut: a wavy plane, higher or lower by the wish for length.
    below = a.cut + 0.6 * wave - s.p[..., 1]
    blend = np.where(s.p[..., 1] < -0.06, np.maximum(blend, below), blend)
    strand = s.straight * (1 - a.curl) + s.curly * a.curl
    relief = 0.0018 * strand * (1 - 0.6 * a.curl) + 0.0050 * s.curl * a.curl
    return blend - relief


def hair_colour(s: HairSites, a: Look, above_body: FloatArray) -> FloatArray:
    """Albedo of hair; ``above_body`` is the distance from the body in metres (roots are darker)."""
    strand = s.straight * (1 - a.curl) + s.curly * a.curl
    dark = 1 - a.hair.mean(axis=-1)
    tip = smoothstep(-s.p[..., 1], 0.0, 0.25) * (1 - dark)
    tone = 1 + (0.22 + 0.12 * dark) * 1.5 * strand + 0.08 * s.grain + 0.08 * tip
    colour = a.hair * tone[..., None] + (0.03 * np.clip(strand, 0, 1) * dark)[..., None]
    return np.clip(colour * (0.66 + 0.34 * smoothstep(above_body, 0.0, 0.016))[..., None], 0, 1)


def clothing_colour(s: SkinSites, a: Look, height: FloatArray) -> FloatArray:
    """Albedo of the clothing at body points; ``height`` from :func:`neckline`."""
    stripe = a.stripes * smoothstep(np.sin(s.p[..., 1] * 210), -0.2, 0.2) * 0.8
    band = smoothstep(height, -0.0135, -0.0115) * 0.27
    colour = _mix(a.cloth, a.cloth_stripe, stripe)
    return np.clip(colour * ((1 - band) * (1 + s.weave) * (0.78 + 0.22 * s.ao))[..., None], 0, 1)


def skin_colour(s: SkinSites, a: Look, hair: FloatArray) -> FloatArray:
    """Albedo of skin with lips, brows, lash line, stubble and hair roots; ``hair`` is the distance to the hair."""
    colour, lip = _complexion(s, a)
    colour = colour * (1 - 0.62 * np.exp(-((s.mouth / 0.0016) ** 2)))[..., None]
    colour = _stubble(_brows(colour, s, a), s, a, lip)

    upper = smoothstep(s.p[..., 1], -0.004, 0.004)
    lash = np.exp(-((s.lid / (0.0011 + 0.0007 * upper)) ** 2)) * (0.45 + 0.5 * upper) * (1 - 0.35 * a.gender)
    colour = _mix(colour, np.array([0.06, 0.045, 0.04], np.float32), lash)

    ear = _blob(s.p, tuple(EAR), tuple(EAR_SIZE * 0.8))
    roots = (1 - smoothstep(hair, 0.0, 0.007)) * 0.70 * (1 - a.style[..., 0]) * (1 - np.clip(1.6 * ear, 0, 1))
    colour = _mix(colour, a.hair * 0.8 + a.skin * 0.10, np.maximum(_cropped(s, a), roots))
    return _shaded(colour, s)


def bare_skin_colour(s: SkinSites, a: Look) -> FloatArray:
    """Albedo of the skin alone, as it is under hair, brows, lashes and clothing: with lips, stubble, a shaved head's
    shade, and without what is drawn on it for want of parts."""
    colour, lip = _complexion(s, a)
    return _shaded(_mix(_stubble(colour, s, a, lip), a.hair * 0.8 + a.skin * 0.10, _cropped(s, a)), s)


def _complexion(s: SkinSites, a: Look) -> tuple[FloatArray, FloatArray]:
    """Skin with blushes, wrinkles, freckles and lips, and how much of each point is lip."""
    p = s.p
    x, y = np.abs(p[..., 0]), p[..., 1]
    red = 0.55 * _blob(p, (0.042, -0.045, -0.02), (0.024, 0.022, 0.05))
    red = red + 0.55 * _blob(p, (0.0, -0.042, 0.02), (0.014, 0.016, 0.03))
    red = red + 0.50 * _blob(p, (0.078, -0.015, -0.10), (0.016, 0.04, 0.05))
    red = red + 0.25 * _blob(p, (0.0, -0.105, 0.0), (0.02, 0.015, 0.03)) + s.blotch
    red = red * (1 - 0.45 * a.tone) * (1 + 1.1 * a.redness) + 0.5 * a.redness * (1 - 0.5 * a.tone)
    colour = a.skin * (1 + red[..., None] * np.array([0.03, -0.15, -0.13], np.float32))

    tired = 0.4 + 1.6 * (a.age - 0.42)
    value = s.grain - 0.07 * _blob(p, (0.029, 0.0, 0.0), (0.022, 0.013, 0.04))
    value = value - 0.06 * _blob(p, (0.028, -0.016, 0.0), (0.018, 0.007, 0.03)) * tired
    value = value + 0.04 * _blob(p, (0, 0.055, 0), (0.05, 0.03, 0.06))
    value = value + 0.03 * _blob(p, (0, -0.02, 0.03), (0.006, 0.02, 0.03))
    forehead = np.sin(y * 760 + 1.3 * np.sin(p[..., 0] * 45) + 2 * s.line)
    forehead = np.clip(forehead, 0, 1) * _blob(p, (0, 0.058, 0), (0.04, 0.018, 0.05))
    crow = np.clip(np.sin((y + 0.3 * (x - 0.05) * np.sign(y)) * 1100), 0, 1)
    crow = crow * _blob(p, (0.056, -0.002, -0.02), (0.010, 0.016, 0.04))
    fold = np.exp(-(((x - 0.020 - 0.42 * (-0.040 - y)) / 0.0032) ** 2))
    fold = fold * smoothstep(-y, 0.034, 0.05) * (1 - smoothstep(-y, 0.07, 0.085)) * (p[..., 2] > -0.05)
    value = value - a.wrinkles * (0.085 * forehead + 0.10 * crow + 0.20 * fold) - 0.03 * fold
    colour = colour * (1 + value[..., None])

    where = _blob(p, (0.03, -0.03, 0), (0.045, 0.03, 0.08)) + 0.25
    colour = colour * (1 - (a.freckles * s.freckle * where)[..., None] * np.array([0.22, 0.36, 0.45], np.float32))
    colour = colour * (1 - (s.spot * a.wrinkles * 0.5)[..., None] * np.array([0.25, 0.4, 0.5], np.float32))

    lip = smoothstep(s.lip, 0.25, 0.75)
    colour = _mix(colour, a.lip, 0.9 * lip)
    return colour, lip


def _stubble(colour: FloatArray, s: SkinSites, a: Look, lip: FloatArray) -> FloatArray:
    stubble = _beard_area(s.p) * (1 - lip) * (0.75 + 0.35 * s.beard) * a.stubble * 0.62
    return _mix(colour, a.hair * 0.6 + 0.05, np.clip(stubble, 0, 1))


def _cropped(s: SkinSites, a: Look) -> FloatArray:
    """How much the roots of a shaved head show, 0 where hair is longer."""
    bald = a.style[..., 0]
    cropped = (1 - smoothstep(s.scalp, -0.007, -0.001)) * (1 - 0.8 * bald * smoothstep(a.age, 0.5, 0.8)) * 0.5
    return cropped * (0.85 + 0.2 * s.beard) * bald


def _shaded(colour: FloatArray, s: SkinSites) -> FloatArray:
    """With some of the ambient occlusion."""
    shade = np.clip(s.ao, 0, 1)
    tint = 1 - np.array([0, 0.05, 0.06], np.float32) * (1 - shade)[..., None]
    return np.clip(colour * (0.66 + 0.34 * shade**0.8)[..., None] * tint, 0, 1)


def _brows(colour: FloatArray, s: SkinSites, a: Look) -> FloatArray:
    x, y = np.abs(s.p[..., 0]), s.p[..., 1]
    u = np.clip((x - 0.011) / 0.047, 0, 1)
    middle = 0.0150 + 0.0125 * u - 0.0135 * u * u - 0.004 * u**4
    height = (0.0046 * (1 - u) ** 0.6 + 0.0013) * np.clip(a.brow, 0.35, 1.6)
    away = np.abs(y - middle) / height
    amount = np.clip(1.25 - away + 0.35 * s.brow, 0, 1) * smoothstep(x, 0.0085, 0.014)
    amount = amount * (1 - smoothstep(x, 0.052, 0.060)) * (s.p[..., 2] > -0.06)
    amount = np.clip(amount * 1.3, 0, 1) * (0.42 + 0.38 * np.clip(a.brow, 0, 1))
    tone = a.hair * (0.62 + 0.25 * a.brow_tone)[..., None] * (1 - 0.25 * a.grey)[..., None] + a.skin * 0.10
    return _mix(colour, tone, amount)


def _beard_area(p: FloatArray) -> FloatArray:
    area = _blob(p, (0, -0.100, 0.0), (0.045, 0.030, 0.09)) + _blob(p, (0.045, -0.085, -0.04), (0.022, 0.04, 0.05))
    return np.clip(area + 1.1 * _blob(p, (0, -0.0585, 0.0), (0.026, 0.007, 0.05)), 0, 1)


def eye_colour(direction: FloatArray, iris: FloatArray) -> FloatArray:
    """Albedo (..., 3) of an eyeball for unit vectors (..., 3) from its centre; the generator uses the same code."""
    with torch.no_grad():
        return canonical_eye_colour(torch.as_tensor(direction), torch.as_tensor(np.ascontiguousarray(iris))).numpy()
