"""The exact flow of the synthetic videos, held against labels, pictures and tracked points."""

from __future__ import annotations

import cmath
from dataclasses import replace

import numpy as np
import pytest
import torch

from rcrlib.data.synthetic import SyntheticConfig, SyntheticVideo, make_synthetic
from rcrlib.data.synthetic_layer import Motion
from rcrlib.flow import occlusion, warp

FULL = SyntheticConfig(videos=3, frames=8, size=(448, 448), occlusion=1.0)
SMALL = SyntheticConfig(videos=6, frames=12, size=(96, 128), appearance_change=0, noise=0)
WINDY = replace(SMALL, clutter=3.0, looks=2)
RADII = {"small": 0.08, "medium": 0.16, "large": 0.3}
BOUND = 0.97
NOW, LATER = 1, 5


def carry(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Warp an (H, W) or (H, W, 3) image of frame LATER back to frame NOW."""
    planes = torch.from_numpy(np.atleast_3d(image).astype(np.float32)).permute(2, 0, 1)[None]
    vectors = torch.from_numpy(np.ascontiguousarray(flow)).permute(2, 0, 1)[None]
    return warp(planes, vectors)[0].permute(1, 2, 0).numpy().reshape(image.shape)


def label_iou(videos: list[SyntheticVideo], flows: list[np.ndarray]) -> float:
    """Compare labels brought from LATER to NOW with NOW's own, over all that is not hidden."""
    shared = either = 0
    for video, flow in zip(videos, flows, strict=True):
        carried, own = carry(video.mask(LATER), flow) > 0.5, video.mask(NOW) == 1
        seen = ~video.occlusion(NOW, LATER)
        shared += (carried & own & seen).sum()
        either += ((carried | own) & seen).sum()
    return float(shared / either)


@pytest.fixture(scope="module", params=RADII)
def videos(request: pytest.FixtureRequest) -> list[SyntheticVideo]:
    radius = RADII[request.param]
    return make_synthetic(replace(FULL, object_radius=(radius, radius)))


def test_labels_follow_the_exact_flow(videos: list[SyntheticVideo]):
    score = label_iou(videos, [video.flow(NOW, LATER) for video in videos])
    print(f"IoU {score:.4f}")
    assert score >= BOUND


def test_labels_do_not_follow_a_flow_with_x_and_y_swapped(videos: list[SyntheticVideo]):
    score = label_iou(videos, [video.flow(NOW, LATER)[..., ::-1] for video in videos])
    print(f"IoU with x and y swapped {score:.4f}")
    assert score < BOUND


def test_labels_do_not_follow_the_flow_of_the_other_direction(videos: list[SyntheticVideo]):
    score = label_iou(videos, [video.flow(LATER, NOW) for video in videos])
    print(f"IoU with the flow from LATER to NOW {score:.4f}")
    assert score < BOUND


def test_what_the_labels_miss_lies_between_two_pixels(videos: list[SyntheticVideo]):
    """All that is left is rounding: there, sampling mixes pixels on both sides of a contour."""
    for video in videos:
        carried = carry(video.mask(LATER), video.flow(NOW, LATER))
        wrong = ((carried > 0.5) != video.mask(NOW)) & ~video.occlusion(NOW, LATER)
        certain = (carried < 1e-4) | (carried > 1 - 1e-4)
        assert (wrong & certain).sum() <= 1


@pytest.mark.parametrize("config", [SMALL, WINDY], ids=["calm", "windy"])
def test_pictures_follow_the_exact_flow(config: SyntheticConfig):
    for video in make_synthetic(config):
        seen = ~video.occlusion(NOW, LATER)
        now, later = video.frame(NOW).astype(np.float32), video.frame(LATER)
        error = np.abs(carry(later, video.flow(NOW, LATER)) - now)[seen].mean()
        still = np.abs(later - now)[seen].mean()
        assert error < 0.25 * still, (video.name, error, still)


def track(motion: Motion, point: complex, t: int) -> complex:
    """Follow a local point into the view with complex numbers: no matrix, no inverse."""
    stretch = cmath.exp(motion.stretch(t)).real
    stretched = complex(point.real * stretch, point.imag / stretch)
    turned = stretched * cmath.rect(cmath.exp(motion.size(t)).real, motion.angle(t))
    return turned + complex(motion.x(t), motion.y(t))


def test_flow_is_where_tracked_points_of_the_visible_surface_go():
    """The layers' motions are needed here, which no picture tells, for an independent answer."""
    height, width = SMALL.size
    middle = complex((width - 1) / 2, (height - 1) / 2)
    rng = np.random.default_rng(0)
    for video in make_synthetic(SMALL):
        scene = video._scene(NOW)
        visible, flow = video._visible(NOW), video.flow(NOW, LATER)
        for depth in np.unique(visible):
            layer = scene.layers[depth]

            def place(point: complex, t: int, layer=layer, scene=scene) -> complex:
                seen = track(layer.motion, point, t)
                return middle + min(SMALL.size) * (
                    track(scene.camera, seen, t) if layer.on_ground else seen
                )

            reach = 1.0 if layer.radii is not None else 0.6
            inside = 0
            for real, imag in rng.uniform(-reach, reach, (200, 2)):
                start = place(complex(real, imag), NOW)
                x, y = round(start.real), round(start.imag)
                around = np.s_[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
                if not (1 <= x < width - 1 and 1 <= y < height - 1):
                    continue
                if (visible[around] != depth).any():
                    continue
                inside += 1
                step = place(complex(real, imag), LATER) - start
                assert abs(complex(*bilinear(flow, start)) - step) < 1e-3
            assert inside > 0 or (visible == depth).sum() < 400


def bilinear(flow: np.ndarray, at: complex) -> np.ndarray:
    """Read the flow between pixels: exact there, as the flow of a layer is affine."""
    x, y = int(np.floor(at.real)), int(np.floor(at.imag))
    a, b = at.real - x, at.imag - y
    upper = (1 - a) * flow[y, x] + a * flow[y, x + 1]
    lower = (1 - a) * flow[y + 1, x] + a * flow[y + 1, x + 1]
    return (1 - b) * upper + b * lower


def test_no_time_means_no_flow_and_nothing_hidden():
    video = make_synthetic(SMALL)[0]
    assert np.abs(video.flow(3, 3)).max() < 1e-9
    assert not video.occlusion(3, 3).any()


def test_occlusion_agrees_with_looking_forward_and_back():
    """The library's own check, which knows no layers, finds the same points but near edges."""
    for video in make_synthetic(SMALL):
        there, back = (
            torch.from_numpy(flow).permute(2, 0, 1)[None]
            for flow in (video.flow(NOW, LATER), video.flow(LATER, NOW))
        )
        found = occlusion(there, back)[0, 0].numpy()
        assert (found != video.occlusion(NOW, LATER)).mean() < 0.04, video.name


def test_what_a_layer_in_front_covers_is_hidden():
    """Where nothing new comes into view, hidden points are those that end on another layer."""
    for video in make_synthetic(SMALL):
        height, width = SMALL.size
        y, x = np.mgrid[:height, :width]
        target = np.rint(np.stack([x, y], -1) + video.flow(NOW, LATER)).astype(int)
        inside = (target >= 0).all(-1) & (target < [width, height]).all(-1)
        at = video._visible(LATER)[
            target[..., 1].clip(0, height - 1), target[..., 0].clip(0, width - 1)
        ]
        covered = inside & (at != video._visible(NOW))
        assert (covered != (video.occlusion(NOW, LATER) & inside)).mean() < 0.015, video.name
