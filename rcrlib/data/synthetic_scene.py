"""Draw the scene of a synthetic video: its objects, their looks and their motions.

The ground has a texture of `SOILS`, objects have one of `COATS`. The salient object is rounded, by
far the largest of the objects, and moves on its own. Distractors share some of this, never all:

- *camouflaged* ones are as large and move on their own, but have the texture of the ground;
- *small* ones have a coat and move on their own, but are much smaller than the object;
- *painted* ones have a coat and may be nearly as large, but are flat, angular and still.

In some videos the object's colours are close to the ground's, in some an occluder sweeps over it.
With clutter (`SyntheticConfig.clutter`) leaves fly by that look like objects, each for a moment.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, get_args

import numpy as np

from rcrlib.data.synthetic_config import SyntheticConfig
from rcrlib.data.synthetic_layer import Family, Layer, Motion, Surface, Wave, outline
from rcrlib.data.synthetic_texture import Pattern, colour_ramp, texture

Distractor = Literal["camouflaged", "small", "painted"]
SOILS: tuple[Pattern, ...] = ("cloud", "ridges")
COATS: tuple[Pattern, ...] = ("marble", "spots", "maze")
ROUNDED: tuple[Family, ...] = ("blob", "star", "pebble")

LEAF_KINDS = 4
"""Kinds of leaves in a video's clutter: to draw a texture for each leaf would take most of the
time."""

_SHARED = 2**32 - 1  # stands for a video's number in the random source of what several share
_TILE = 4.0  # an outline's texture spans twice its diameter: no repetition is ever seen


@dataclass(frozen=True, eq=False)
class Look:
    """What a surface looks like: a pattern and the colours it runs through.

    `lightness`, `chroma` and `hue` are those of the middle of `colours`, in Oklab.
    """

    pattern: Pattern
    lightness: float
    chroma: float
    hue: float
    colours: np.ndarray

    def surface(
        self, rng: np.random.Generator, tile: float, texels: float, repeat: float
    ) -> Surface:
        """Return a tile of `tile` units, `texels` and `repeat` patterns to each unit."""
        size = max(16, 2 * round(tile * texels / 2))
        return Surface(partial(texture, rng, size, self.pattern, repeat * tile, self.colours))


@dataclass(frozen=True, eq=False)
class Scene:
    """The layers of a video from back to front, and the camera that looks at them.

    Attributes:
        layers: the first one is the background.
        salient: position of the salient object in `layers`.
        camera: ground to view coordinates.
        speed: how much of the motions' time passes from frame to frame.
        light: logarithm of the light's red, green and blue.
        size: (H, W) of the pictures.
    """

    layers: tuple[Layer, ...]
    salient: int
    camera: Motion
    light: tuple[Wave, Wave, Wave]
    size: tuple[int, int]
    speed: float = 1.0

    def placed(self, t: int) -> list[tuple[Layer, np.ndarray]]:
        """Return each layer and its (3, 3) matrix from local to pixel coordinates in frame t."""
        height, width = self.size
        side = min(self.size)
        pixels = np.array([[side, 0, (width - 1) / 2], [0, side, (height - 1) / 2], [0, 0, 1]])
        time = self.speed * t
        ground = pixels @ self.camera.matrix(time)
        return [
            (layer, (ground if layer.on_ground else pixels) @ layer.motion.matrix(time))
            for layer in self.layers
        ]


class SceneBuilder:
    """Draws one scene: the set's seed and the video's number decide what it shows, and the size of
    the pictures only how fine."""

    def __init__(self, config: SyntheticConfig, *video: int) -> None:
        self.config, self.video = config, video
        self.rng = rng = np.random.default_rng([config.seed, *video])
        self.side = min(config.size)
        self.duration = config.motion * config.frames  # in the motions' time
        self.half = np.array(config.size[::-1]) / (2 * self.side)  # the view's half width, height
        self.ground = self._look(
            SOILS, rng.uniform(0.4, 0.7), rng.uniform(0.02, 0.06), rng.uniform(0, 360)
        )
        self.shared = self  # draws the ground's and the object's looks
        if config.looks:
            turn = video[-1] % config.looks
            self.shared = SceneBuilder(replace(config, looks=0), _SHARED, turn)
            self.ground = self.shared.ground

    def build(self) -> Scene:
        """Draw every layer, the camera and the depth order."""
        config, rng = self.config, self.rng
        camera = Motion(
            x=Wave.swinging(rng, 0, 0.3),
            y=Wave.swinging(rng, 0, 0.2),
            angle=Wave.swinging(rng, 0, 0.2),
            size=Wave.swinging(rng, 0.05, 0.2),
        )
        radius = float(np.exp(rng.uniform(*np.log(config.object_radius))))
        low_contrast = self.shared.rng.random() < config.low_contrast_share
        salient = self.shared._object(radius, low_contrast)
        if config.looks:
            salient = replace(salient, motion=self._random_motion(radius))
        kinds = rng.choice(get_args(Distractor), rng.integers(*config.distractors, endpoint=True))
        behind: list[Layer] = [self.shared._background()]
        before: list[Layer] = []
        for kind in sorted(kinds, key=["painted", "camouflaged", "small"].index):
            distractor = self._distractor(kind, radius)
            (before if kind == "small" and rng.random() < 0.5 else behind).append(distractor)
        if rng.random() < config.occlusion:
            before.append(self._occluder(salient.motion, radius))
        if config.clutter:
            count = rng.poisson(config.clutter * self.duration)
            trees = [self._shape(self._family(), self._contrasting_look(), radius, Motion(), 0.9)
                     for _ in range(min(count, LEAF_KINDS))]  # fmt: skip
            behind += [self._leaf(radius, trees[n % LEAF_KINDS]) for n in range(count)]
        return Scene(
            (*behind, salient, *before),
            len(behind),
            camera,
            self._daylight(),
            config.size,
            config.motion,
        )

    def _daylight(self) -> tuple[Wave, Wave, Wave]:
        """Draw how the light grows and fades, and its colour with it, by less."""
        rng, strength = self.rng, self.config.appearance_change
        bright = Wave.swinging(rng, 0, 0.8 * strength)
        warm = Wave.swinging(rng, 0, 0.4 * strength)
        red = Wave(sines=bright.sines + warm.sines)
        blue = Wave(
            sines=bright.sines + tuple((-a, period, phase) for a, period, phase in warm.sines)
        )
        return red, bright, blue

    def _background(self) -> Layer:
        surface = self.ground.surface(self._spawn_rng(), 2.0, self.side, self.rng.uniform(4, 9))
        return Layer(Motion(), surface, 2.0, on_ground=True)

    def _object(self, radius: float, low_contrast: bool) -> Layer:
        look = self._similar_look() if low_contrast else self._contrasting_look()
        family = self._family()
        return self._shape(family, look, radius, self._random_motion(radius), relief=0.9)

    def _leaf(self, radius: float, tree: Layer) -> Layer:
        """Draw a leaf that crosses the view within a frame or two; `tree` has its look."""
        rng = self.rng
        there, when = rng.uniform(-self.half, self.half), rng.uniform(0, self.duration)
        heading, speed = rng.uniform(0, 2 * np.pi), rng.uniform(0.7, 1.2)
        step = speed * np.array([np.cos(heading), np.sin(heading)])
        x, y = there - when * step
        size = Wave(np.log(radius * rng.uniform(0.5, 0.9)))
        motion = Motion(Wave(x, step[0]), Wave(y, step[1]), Wave(rng.uniform(0, 6.3), 1.0), size)
        return replace(tree, motion=motion)

    def _distractor(self, kind: Distractor, radius: float) -> Layer:
        rng = self.rng
        if kind == "camouflaged":
            radius *= rng.uniform(0.7, 1.1)
            motion = self._random_motion(radius)
            return self._shape(self._family(), self.ground, radius, motion, relief=0.35)
        if kind == "small":
            radius *= rng.uniform(0.22, 0.4)
            motion = self._random_motion(radius)
            return self._shape(self._family(), self._contrasting_look(), radius, motion, 0.9)
        radius *= rng.uniform(0.5, 0.9)
        x, y = rng.uniform(-self.half, self.half)
        place = Motion(Wave(x), Wave(y), Wave(rng.uniform(0, 6.3)), Wave(np.log(radius)))
        layer = self._shape("polygon", self._contrasting_look(), radius, place, relief=0.0)
        return replace(layer, on_ground=True)

    def _occluder(self, target: Motion, radius: float) -> Layer:
        """Draw a thin occluder that sweeps over the object, against the object's motion."""
        rng = self.rng
        meeting = rng.uniform(0.2, 0.8) * self.duration
        angle = rng.uniform(-0.35, 0.35)
        way = np.sign(target.x(meeting + 1) - target.x(meeting - 1))
        speed = -way * rng.uniform(0.015, 0.035)
        width, length = radius * rng.uniform(0.25, 0.5), 1.6
        motion = Motion(
            x=Wave(target.x(meeting) - speed * np.cos(angle) * meeting, speed * np.cos(angle)),
            y=Wave(target.y(meeting) - speed * np.sin(angle) * meeting, speed * np.sin(angle)),
            angle=Wave.swinging(rng, angle, 0.08),
            size=Wave(np.log(width * length) / 2),
            stretch=Wave(np.log(width / length) / 2),
        )
        look = self._contrasting_look(muted=True)
        return self._shape("pebble", look, np.sqrt(width * length), motion, relief=0.9)

    def _shape(
        self, family: Family, look: Look, radius: float, motion: Motion, relief: float
    ) -> Layer:
        source = self._spawn_rng()
        surface = look.surface(source, _TILE, radius * self.side, source.uniform(1.0, 2.2))
        return Layer(motion, surface, _TILE, outline(self.rng, family), relief)

    def _random_motion(self, radius: float) -> Motion:
        """Draw the motion of something alive, whose middle stays within the view."""
        rng = self.rng
        room = np.maximum(self.half - 0.7 * radius, 0.05)
        swing = room * rng.uniform(0.4, 0.8, 2)
        middle = rng.uniform(-1, 1, 2) * (room - swing)
        return Motion(
            x=Wave.swinging(rng, middle[0], swing[0]),
            y=Wave.swinging(rng, middle[1], swing[1]),
            angle=Wave.swinging(rng, rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 1.0)),
            size=Wave.swinging(rng, np.log(radius), 0.25),
            stretch=Wave.swinging(rng, rng.uniform(0, 0.15), 0.1),
        )

    def _contrasting_look(self, muted: bool = False) -> Look:
        """Draw a look that stands out from the ground."""
        rng, ground = self.rng, self.ground
        away = -1 if ground.lightness > 0.55 else 1
        lightness = ground.lightness + away * rng.uniform(0.08, 0.28)
        chroma = rng.uniform(0.02, 0.05) if muted else rng.uniform(0.11, 0.18)
        patterns = SOILS if muted else COATS
        return self._look(patterns, lightness, chroma, ground.hue + rng.uniform(90, 270))

    def _similar_look(self) -> Look:
        """Draw a look that is hard to tell from the ground, but not its own."""
        rng, ground = self.rng, self.ground
        lighter, warmer = rng.choice([-1, 1], 2)
        lightness = ground.lightness + lighter * rng.uniform(0.04, 0.08)
        hue = ground.hue + warmer * rng.uniform(20, 50)
        return self._look(COATS, lightness, 1.2 * ground.chroma, hue)

    def _look(
        self, patterns: tuple[Pattern, ...], lightness: float, chroma: float, hue: float
    ) -> Look:
        pattern = patterns[self.rng.integers(len(patterns))]
        colours = colour_ramp(self.rng, lightness, chroma, hue)
        return Look(pattern, lightness, chroma, hue, colours)

    def _family(self) -> Family:
        return ROUNDED[self.rng.integers(len(ROUNDED))]

    def _spawn_rng(self) -> np.random.Generator:
        """Return a random generator for one texture, which leaves all other draws as they are."""
        return self.rng.spawn(1)[0]
