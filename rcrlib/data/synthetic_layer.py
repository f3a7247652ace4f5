"""One layer of a synthetic video: an outline, a surface and a motion, all in closed form.

Coordinates: *local* ones belong to the layer (an outline has radius 1 in them), *view* ones have
their origin in the middle of the picture and the shorter side as unit, *pixel* ones count from the
centre of the top left pixel. x points right, y points down.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import cv2
import numpy as np

Family = Literal["blob", "star", "pebble", "polygon"]
Box = tuple[slice, slice]

_ANGLES = np.linspace(0, 2 * np.pi, 1441)


@dataclass(frozen=True)
class Wave:
    """A number that changes smoothly in time: `start + drift * t + sum of sines`, t in frames.

    Attributes:
        sines: (amplitude, period in frames, phase in radians) of each.
    """

    start: float = 0.0
    drift: float = 0.0
    sines: tuple[tuple[float, float, float], ...] = ()

    def __call__(self, t: float) -> float:
        """Evaluate at frame t."""
        swing = sum(a * np.sin(2 * np.pi * t / period + phase) for a, period, phase in self.sines)
        return float(self.start + self.drift * t + swing)

    @classmethod
    def swinging(cls, rng: np.random.Generator, start: float, amplitude: float) -> Wave:
        """Draw a slow swing with a quicker, smaller one on top; it stays within `amplitude`."""
        slow = (0.8 * amplitude, rng.uniform(40, 80), rng.uniform(0, 2 * np.pi))
        quick = (0.2 * amplitude, rng.uniform(18, 32), rng.uniform(0, 2 * np.pi))
        return cls(start, 0.0, (slow, quick))


@dataclass(frozen=True)
class Motion:
    """An affine map that changes smoothly in time: stretch, scale, rotate, move, in this order.

    Attributes:
        x: place in view units; so is y.
        angle: rotation in radians, from x towards y.
        size: natural logarithm of the scale.
        stretch: natural logarithm of the factor along local x; local y shrinks by the same factor.
    """

    x: Wave = Wave()
    y: Wave = Wave()
    angle: Wave = Wave()
    size: Wave = Wave()
    stretch: Wave = Wave()

    def matrix(self, t: float) -> np.ndarray:
        """Return the (3, 3) float64 matrix of frame t."""
        angle, scale, stretch = self.angle(t), np.exp(self.size(t)), np.exp(self.stretch(t))
        along, across = scale * stretch, scale / stretch
        return np.array(
            [
                [np.cos(angle) * along, -np.sin(angle) * across, self.x(t)],
                [np.sin(angle) * along, np.cos(angle) * across, self.y(t)],
                [0.0, 0.0, 1.0],
            ]
        )


def outline(rng: np.random.Generator, family: Family) -> np.ndarray:
    """Draw a closed outline around the origin.

    Returns:
        radius at 1441 angles from 0 to 2 pi, both ends included; the outline encloses the area pi.
    """
    if family == "polygon":
        corners = int(rng.integers(3, 7))
        normals = 2 * np.pi * (np.arange(corners) + rng.uniform(-0.15, 0.15, corners)) / corners
        facing = np.cos(_ANGLES[:, None] - normals)
        reach = rng.uniform(0.85, 1.15, corners) / np.maximum(facing, 1e-3)
        radii = reach.min(axis=1)
    elif family == "pebble":
        power = rng.uniform(2.2, 4.5)
        radii = (np.abs(np.cos(_ANGLES)) ** power + np.abs(np.sin(_ANGLES)) ** power) ** -(
            1 / power
        )
    elif family == "star":
        arms = int(rng.integers(4, 8))
        radii = 1 + rng.uniform(0.16, 0.3) * np.cos(arms * _ANGLES) + _wobble(rng, 0.05)
    else:
        radii = 1 + _wobble(rng, 0.16)
    return (radii / np.sqrt(np.mean(radii[:-1] ** 2))).astype(np.float32)


def _wobble(rng: np.random.Generator, strength: float) -> np.ndarray:
    waves = np.arange(2, 6)
    amplitudes = strength * rng.uniform(0.3, 1, 4) / np.sqrt(waves - 1)
    phases = rng.uniform(0, 2 * np.pi, 4)
    return (amplitudes * np.cos(_ANGLES[:, None] * waves + phases)).sum(axis=1)


@dataclass(frozen=True, eq=False)
class Surface:
    """A texture that is drawn when it is first looked at; layers may share one."""

    draw: Callable[[], np.ndarray]

    @cached_property
    def texture(self) -> np.ndarray:
        """The texture: (N, N, 3) float32 in [0, 255], repeated without end."""
        return self.draw()


@dataclass(frozen=True, eq=False)
class Layer:
    """An opaque textured shape in motion.

    Attributes:
        motion: local to view coordinates (to the camera's world, where `on_ground`).
        surface: its texture.
        tile: side of the texture in local units.
        radii: outline as `outline` returns it; None is the background, which has no end.
        relief: 0 is flat, 1 is rounded by light and shade, which move with the surface.
        on_ground: whether the camera's motion carries the layer.
    """

    motion: Motion
    surface: Surface
    tile: float
    radii: np.ndarray | None = None
    relief: float = 0.0
    on_ground: bool = False

    def contains(self, to_local: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Mark the pixel coordinates within the outline: bool, shape of x."""
        if self.radii is None:
            return np.ones(x.shape, dtype=bool)
        u, v = apply(to_local, x, y)
        return _reach(self.radii, u, v) > np.hypot(u, v)

    def box(self, to_pixels: np.ndarray, size: tuple[int, int]) -> Box:
        """Return the (rows, columns) of a picture of `size` (H, W) that the layer may touch."""
        height, width = size
        if self.radii is None:
            return slice(0, height), slice(0, width)
        if self._is_far_from(to_pixels, height, width):
            return slice(0, 0), slice(0, 0)
        corner = self._extent * np.array([-1, 1])
        x, y = apply(to_pixels, *np.meshgrid(corner, corner))
        rows = np.clip([np.floor(y.min()) - 2, np.ceil(y.max()) + 3], 0, height).astype(int)
        columns = np.clip([np.floor(x.min()) - 2, np.ceil(x.max()) + 3], 0, width).astype(int)
        return slice(*rows), slice(*columns)

    @cached_property
    def _extent(self) -> float:
        """Largest radius of the outline, in local units."""
        assert self.radii is not None  # the background has no end
        return float(self.radii.max())

    def _is_far_from(self, to_pixels: np.ndarray, height: int, width: int) -> bool:
        """Whether the layer is surely outside a picture, as most leaves are in most frames."""
        (a, b, x), (c, d, y) = to_pixels[:2].tolist()
        reach = 3 + self._extent * math.sqrt(a * a + b * b + c * c + d * d)
        return not (-reach < x < width + reach and -reach < y < height + reach)

    def paint(self, picture: np.ndarray, to_pixels: np.ndarray) -> None:
        """Paint the layer over `picture`, (H, W, 3) float32, with smooth edges."""
        height, width = picture.shape[:2]
        rows, columns = self.box(to_pixels, (height, width))
        if rows.stop - rows.start < 2 or columns.stop - columns.start < 2:
            return
        to_local = np.linalg.inv(to_pixels)
        colour = self._surface(to_local, rows, columns)
        if self.radii is None:
            picture[:] = colour
            return
        y, x = np.mgrid[rows, columns].astype(np.float32)
        u, v = apply(to_local, x, y)
        reach, radius = _reach(self.radii, u, v), np.hypot(u, v)
        inside = reach - radius
        steepness = np.hypot(*np.gradient(inside))
        cover = np.clip(0.5 + inside / np.maximum(steepness, 1e-6), 0, 1)[..., None]
        colour *= self._light(u / reach, v / reach)[..., None]
        under = picture[rows, columns]
        picture[rows, columns] = under + cover * (colour - under)

    def _light(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Shade as a pebble lit from one side: u, v reach length 1 at the outline."""
        distance = np.minimum(u**2 + v**2, 1)
        return 1 + self.relief * (0.10 - 0.38 * distance**2 - 0.16 * (u + v))

    def _surface(self, to_local: np.ndarray, rows: slice, columns: slice) -> np.ndarray:
        """Look the texture up, bilinearly, at the pixels of a box."""
        texture = self.surface.texture
        texels = len(texture)
        to_texels = np.diag([texels / self.tile, texels / self.tile, 1.0])
        to_texels[:2, 2] = -0.5
        shift = np.array([[1.0, 0.0, columns.start], [0.0, 1.0, rows.start], [0.0, 0.0, 1.0]])
        return cv2.warpAffine(
            texture,
            (to_texels @ to_local @ shift)[:2],
            (columns.stop - columns.start, rows.stop - rows.start),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_WRAP,
        )


def apply(matrix: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Map points by an affine (3, 3) matrix, in the precision of the points."""
    (a, b, c), (d, e, f) = (tuple(map(float, row)) for row in matrix[:2])
    return a * x + b * y + c, d * x + e * y + f


def _reach(radii: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return an outline's radius in the direction of each local point."""
    angles = np.asarray(np.arctan2(v, u)) % (2 * np.pi)
    return np.interp(angles, _ANGLES, radii).astype(np.float32)
