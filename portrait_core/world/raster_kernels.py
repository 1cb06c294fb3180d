# SPDX-License-Identifier: Apache-2.0
# pyright: basic, reportInvalidTypeForm=false, reportCallIssue=false, reportArgumentType=false, reportIndexIssue=false
# pyright: reportAttributeAccessIssue=false, reportOperatorIssue=false, reportReturnType=false
"""The kernel behind :mod:`portrait_core.world.painted_bust`: triangles to pixels, with the shoulder cut in it."""

# no `from __future__ import annotations`: warp reads the annotations of kernels

import warp as wp

from portrait_core.geometry.warp_kernels import FORWARD, launch, wrap  # noqa: F401 - starts the library quietly as well

wp.set_module_options(FORWARD)


@wp.kernel
def rasterise(
    points: wp.array(dtype=wp.vec3),
    rest: wp.array(dtype=wp.vec3),
    corners: wp.array(dtype=wp.int32),
    closed_corners: int,
    slopes: wp.array(dtype=wp.vec3),
    entry: wp.array(dtype=wp.float32),
    size: int,
    frame: wp.vec3,
    low: float,
    side: float,
    face: wp.array(dtype=wp.int32),
    weights: wp.array(dtype=wp.vec3),
    depth: wp.array(dtype=wp.float32),
    inner_face: wp.array(dtype=wp.int32),
    inner_weights: wp.array(dtype=wp.vec3),
    inner_depth: wp.array(dtype=wp.float32),
) -> None:
    """One triangle into the buffers of (size * size,) pixels.

    ``points`` are vertices in the camera's frame, ``rest`` the same at rest, ``slopes`` each pixel's ray (x, y, 1) in
    that frame, ``frame`` focal length and principal point in picture sides. Fragments whose place at rest is beyond the
    cut (below ``low``, beside ``side``) are left out. The first ``closed_corners`` corners belong to the closed part:
    its nearest fragment behind the place where a ray enters the kept side (``entry``, along z) goes to ``inner_*``;
    ``inner_face`` is -2 where that fragment is seen from outside. All buffers are shared, so triangles must come one
    after another: one launch, one thread.
    """
    t = wp.tid()
    ia = corners[3 * t]
    ib = corners[3 * t + 1]
    ic = corners[3 * t + 2]
    a = points[ia]
    b = points[ib]
    c = points[ic]
    if a[2] < 1.0e-3 or b[2] < 1.0e-3 or c[2] < 1.0e-3:
        return
    scale = float(size)
    ua = (a[0] / a[2] * frame[0] + frame[1]) * scale
    ub = (b[0] / b[2] * frame[0] + frame[1]) * scale
    uc = (c[0] / c[2] * frame[0] + frame[1]) * scale
    va = (a[1] / a[2] * frame[0] + frame[2]) * scale
    vb = (b[1] / b[2] * frame[0] + frame[2]) * scale
    vc = (c[1] / c[2] * frame[0] + frame[2]) * scale
    left = wp.max(int(wp.ceil(wp.min(wp.min(ua, ub), uc) - 0.5 - 1.0e-3)), 0)
    right = wp.min(int(wp.floor(wp.max(wp.max(ua, ub), uc) - 0.5 + 1.0e-3)), size - 1)
    top = wp.max(int(wp.ceil(wp.min(wp.min(va, vb), vc) - 0.5 - 1.0e-3)), 0)
    bottom = wp.min(int(wp.floor(wp.max(wp.max(va, vb), vc) - 0.5 + 1.0e-3)), size - 1)
    if left > right or top > bottom:
        return
    closed = 3 * t < closed_corners
    for i in range(top, bottom + 1):
        for j in range(left, right + 1):
            p = i * size + j
            ray = slopes[p]
            # Volumes of the ray (x, y, 1) and two corners, by the corners' distances from the ray: those are small
            # numbers, and so are the volumes; products of the corners themselves would drown them in rounding.
            da = a - ray * a[2]
            db = b - ray * b[2]
            dc = c - ray * c[2]
            wa = db[0] * dc[1] - db[1] * dc[0]
            wb = dc[0] * da[1] - dc[1] * da[0]
            wc = da[0] * db[1] - da[1] * db[0]
            total = wa + wb + wc
            if total != 0.0:
                u = wa / total
                v = wb / total
                w = wc / total
                # A little over the edge: rounding must not leave holes between neighbours.
                if u >= -1.0e-5 and v >= -1.0e-5 and w >= -1.0e-5:
                    z = a[2] * u + b[2] * v + c[2] * w
                    place = rest[ia] * u + rest[ib] * v + rest[ic] * w
                    if z < depth[p] and place[1] >= low and wp.abs(place[0]) <= side:
                        depth[p] = z
                        face[p] = t
                        weights[p] = wp.vec3(u, v, w)
                    if closed and z > entry[p] and z < inner_depth[p]:
                        inner_depth[p] = z
                        inner_weights[p] = wp.vec3(u, v, w)
                        # Counter-clockwise from outside: their sum is positive where the camera sees the back.
                        inner_face[p] = wp.where(total > 0.0, t, -2)
