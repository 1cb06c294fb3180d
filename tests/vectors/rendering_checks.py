# SPDX-License-Identifier: Apache-2.0
"""Checks of cameras, rays, sampling, masks, march and renderer."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import torch
from torch import Tensor

from portrait_core.cameras import (
    FRONT,
    LEVEL,
    Camera,
    gentle_sway,
    intrinsics,
    legacy_focal,
    look_at,
    turntable,
)
from portrait_core.networks.decoder import Decoder
from portrait_core.networks.trigrid import sample_trigrid
from portrait_core.rendering.jitter import Given
from portrait_core.rendering.masks import crop_mask, cull_mask
from portrait_core.rendering.ray_marching import fill_depth, ray_march
from portrait_core.rendering.rays import box_bounds, rays, rays_of_labels
from portrait_core.rendering.renderer import RenderSettings, render
from portrait_core.rendering.sampling import (
    disparity_depths,
    importance_depths,
    merge_by_depth,
    sample_pdf,
    stratified_depths,
)
from tests.vectors.files import VectorFile, load_state


def check_cameras(data: VectorFile) -> None:
    """Look-at tables, fields of view, trajectories and conditioning labels."""
    hs, vs = data.array("h").tolist(), data.array("v").tolist()
    data.check("lookat_2.7_pivot", np.array([[look_at(h, v) for h in hs] for v in vs]))
    data.check("origin_cam_r1", np.array([[look_at(h, v, pivot=(0, 0, 0), radius=1) for h in hs] for v in vs]))
    data.check("fov_K", np.array([intrinsics(legacy_focal(fov)) for fov in data.array("fov").tolist()]))
    for name, path in (("video_large_", turntable), ("video_small_", gentle_sway)):
        for frames in data.names(name):
            data.check(f"{name}{frames}", np.array([camera.cam2world for camera in path(int(frames))]))
    views = [look_at(h, LEVEL) for h in (-math.pi / 2, 0, math.pi / 2)]
    data.check("samples_three_views", np.array(views))
    data.check("conditioning_c_video", Camera.orbit().label[None])
    data.check(
        "conditioning_c_samples_12deg",
        Camera(look_at(FRONT, LEVEL), intrinsics(legacy_focal(12))).label[None],
    )


def check_rays(data: VectorFile) -> None:
    """Rays of labels at several sizes, rays with skewed intrinsics, and the box's walls."""
    c = data.tensor("c")
    for size in data.names("origins_"):
        origins, directions = rays_of_labels(c, int(size))
        data.check(f"origins_{size}", origins)
        data.check(f"dirs_{size}", directions)
    for size in data.names("dirs_odd_"):
        cam2world = c[:, :16].reshape(-1, 4, 4)
        data.check(f"dirs_odd_{size}", rays(cam2world, data.tensor("K_odd"), int(size))[1])
    for size in data.names("box_near_"):
        near, far, hit = box_bounds(*rays_of_labels(c, int(size)), 1.0)
        stored_near, stored_far = data.tensor(f"box_near_{size}"), data.tensor(f"box_far_{size}")
        data.check_against(f"box hit {size}", hit, stored_near <= stored_far)
        data.check_against(f"box_near_{size}", near[hit], stored_near[hit])
        data.check_against(f"box_far_{size}", far[hit], stored_far[hit])


def check_sampling(data: VectorFile) -> None:
    """Stratified, disparity and importance depths, the bare distribution, and merging."""
    data.check("strat_depths", stratified_depths(2.25, 3.3, data.tensor("strat_rand")))
    bounds = data.tensor("near"), data.tensor("far")
    data.check("strat_tensor_depths", stratified_depths(*bounds, data.tensor("strat_tensor_rand")))
    data.check("strat_disp_depths", disparity_depths(2.25, 3.3, data.tensor("strat_disp_rand")))
    coarse = data.tensor("imp_z")
    fine = importance_depths(coarse, data.tensor("imp_weights"), data.tensor("imp_u"))
    data.check("imp_depths", fine)
    edges, weights = data.tensor("pdf_bins"), data.tensor("pdf_weights")
    data.check("pdf_samples", sample_pdf(edges, weights, data.tensor("pdf_u")))
    count = data.array("pdf_samples_det").shape[1]
    even = torch.linspace(0, 1, count).expand(edges.shape[0], count)
    data.check("pdf_samples_det", sample_pdf(edges, weights, even))
    depths, colours, densities = merge_by_depth(
        (coarse, data.tensor("uni_col1"), data.tensor("uni_s1")),
        (data.tensor("imp_depths"), data.tensor("uni_col2"), data.tensor("uni_s2")),
    )
    data.check("uni_depths", depths)
    data.check("uni_colors", colours)
    data.check("uni_sigma", densities)


def check_ray_marcher(data: VectorFile) -> None:
    """March of random, empty and solid rays, in both precisions."""
    given = [data.tensor(name) for name in ("colors", "densities", "depths")]
    for suffix, dtype in (("", torch.float32), ("64", torch.float64)):
        colours, densities, depths = (x.to(dtype) for x in given)
        march = ray_march(colours, densities, depths)
        data.check(f"rgb{suffix}", march.colours)
        data.check(f"depth{suffix}", fill_depth(march.depth, depths.amin(), depths.amax()))
        data.check(f"weights{suffix}", march.weights)
    data.check("rgb_white_back", ray_march(*given, white_back=True).colours)


def check_masks(data: VectorFile) -> None:
    """Crop masks of two boxes and the cull mask."""
    points = data.tensor("points")
    data.check("crop_mask", crop_mask(points, margin=0.1, box_warp=1))
    data.check("crop_mask_005_w2", crop_mask(points, margin=0.05, box_warp=2))
    data.check("cull_05", cull_mask(data.tensor("density"), 0.5))


def check_renderer(data: VectorFile) -> None:
    """Planes, decoder and rays to pictures, with all options that the published renderer has."""
    config = data.config()
    depth, box_warp = config["triplane_depth"], config["box_warp"]
    planes = data.tensor("planes")
    state = data.state("decoder/")
    decoder = Decoder(planes.shape[2] // depth, state["net.2.weight"].shape[0] - 1)
    load_state(decoder, state)
    published = RenderSettings(
        ray_start=config["ray_start"],
        ray_end=config["ray_end"],
        depth_resolution=config["depth_resolution"],
        depth_resolution_importance=config["depth_resolution_importance"],
        disparity_space_sampling=config["disparity_space_sampling"],
        box_warp=box_warp,
    )
    origins, directions = data.tensor("origins"), data.tensor("dirs")
    size = math.isqrt(origins.shape[1])
    ours = rays_of_labels(data.tensor("c"), size)
    data.check("origins", ours[0])
    data.check("dirs", ours[1])

    def evaluate(points: Tensor) -> tuple[Tensor, Tensor]:
        return decoder(sample_trigrid(planes, points, depth=depth, box_warp=box_warp))

    density, features = evaluate(data.tensor("model/points"))
    data.check("model/sigma", density)
    data.check("model/rgb", features)
    cases = {
        "": published,
        "coarse_only/": dataclasses.replace(published, depth_resolution_importance=0),
        "cull/": dataclasses.replace(published, cull=0.5),
        "bin/": dataclasses.replace(published, binarize=0.5),
        "auto/": dataclasses.replace(published, ray_start="auto", ray_end="auto"),
    }
    for case, settings in cases.items():
        if data.has(f"{case}rand"):
            numbers = Given(data.tensor(f"{case}rand"))
        else:
            numbers = Given(data.tensor(f"{case}rand_coarse"), data.tensor(f"{case}rand_fine"))
        for chunk in (None, 7):
            picture = render(evaluate, origins, directions, settings, numbers, chunk_rays=chunk)
            data.check(f"{case}rgb", picture.features)
            if data.has(f"{case}depth"):
                data.check(f"{case}depth", picture.depth)
            if data.has(f"{case}weight_sum"):
                data.check(f"{case}weight_sum", picture.opacity)
