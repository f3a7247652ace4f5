"""Synthetic videos with exact masks, exact optical flow and exact occlusions.

Everything is made of opaque layers whose motion is known in closed form (`synthetic_layer`), put
together by chance (`synthetic_scene`), so that the flow is not estimated but computed:

    flow(i, j) = T_j o T_i^-1 - identity,    T: the motion of the layer that is visible in frame i.

The set serves lessons and tests that can download nothing, and measures what real data cannot:
how much of a pseudo-label's error is the flow's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from rcrlib.data.synthetic_layer import apply
from rcrlib.data.synthetic_scene import Scene, SceneBuilder
from rcrlib.errors import OptionError
from rcrlib.files import output_folder

_JPEG = [  # colours at full resolution: at 128x128 an object's texture is only a few pixels wide
    cv2.IMWRITE_JPEG_QUALITY,
    95,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
]


@dataclass(frozen=True)
class SyntheticConfig:
    """What to make. The seed and the other options decide every bit.

    Raises:
        OptionError: an option is out of its range.
    """

    videos: int = 12
    """Number of videos; each differs in look, motion and cast."""
    frames: int = 24
    """Frames a video: enough for labels at 1 in 5 and for clips of 4."""
    size: tuple[int, int] = (128, 128)
    """(H, W) in pixels. At one H:W, it changes how fine a scene is drawn, not what it shows."""
    seed: int = 0
    object_radius: tuple[float, float] = (0.11, 0.26)
    """Range of the object's radius, as a share of the shorter side (a disk of the same area)."""
    distractors: tuple[int, int] = (1, 4)
    """Least and largest number of shapes that are not salient."""
    hidden_share: float = 0.4
    """Share of the videos in which something sweeps over the object and hides part of it."""
    low_contrast_share: float = 0.3
    """Share of the videos in which the object is hard to tell from the background."""
    leaves: float = 0.0
    """Leaves that the wind blows past behind the object in each frame, on average. They look like
    other objects, but are gone in a frame or two."""
    worlds: int = 0
    """Number of different objects, each with its ground, in the whole set: videos take them in
    turn, and differ in everything else. 0 gives every video its own."""
    light: float = 0.25
    """How much the light swings in the course of a video: natural logarithm of the factor."""
    noise: float = 2.5
    """Deviation of the camera's noise, in grey levels of 255."""

    def __post_init__(self) -> None:
        low, high = self.object_radius
        fewest, most = self.distractors
        rules = {
            "videos": (self.videos, self.videos >= 1, "at least 1"),
            "frames": (self.frames, self.frames >= 1, "at least 1"),
            "size": (self.size, min(self.size) >= 16, "at least 16x16"),
            "seed": (self.seed, self.seed >= 0, "0 or more"),
            "object_radius": (self.object_radius, 0 < low <= high <= 0.4, "0 < low <= high <= 0.4"),
            "distractors": (self.distractors, 0 <= fewest <= most, "0 <= least <= most"),
            "hidden_share": (self.hidden_share, 0 <= self.hidden_share <= 1, "in [0, 1]"),
            "low_contrast_share": (
                self.low_contrast_share,
                0 <= self.low_contrast_share <= 1,
                "in [0, 1]",
            ),
            "leaves": (self.leaves, 0 <= self.leaves <= 20, "in [0, 20]"),
            "worlds": (self.worlds, self.worlds >= 0, "0 or more"),
            "light": (self.light, 0 <= self.light <= 1, "in [0, 1]"),
            "noise": (self.noise, self.noise >= 0, "0 or more"),
        }
        for name, (value, fits, expected) in rules.items():
            if not fits:
                raise OptionError(f"SyntheticConfig: {name} is {value}; give {expected}")


@dataclass(frozen=True)
class SyntheticVideo:
    """One video: frames and masks, and what only a synthetic video knows, its exact flow.

    Convention:
        Arrays are indexed [y, x]. `flow(i, j)[y, x]` is (x, y) in pixels, x to the right, y down:
        where the point seen at (x, y) of frame i went in frame j.

    Every method raises `IndexError` for a frame that is not there.
    """

    config: SyntheticConfig
    index: int

    @property
    def name(self) -> str:
        """Name of the video, unique in its set."""
        return f"synthetic-{self.index:03d}"

    def __len__(self) -> int:
        return self.config.frames

    def frame(self, i: int) -> np.ndarray:
        """Draw frame i: (H, W, 3) uint8 RGB, with smooth edges."""
        picture = np.empty((*self.config.size, 3), dtype=np.float32)
        for layer, to_pixels in self._scene(i).placed(i):
            layer.paint(picture, to_pixels)
        picture *= np.exp([wave(i) for wave in self._scene(i).light], dtype=np.float32)
        rng = np.random.default_rng([self.config.seed, self.index, i])
        picture += self.config.noise * rng.standard_normal(picture.shape, dtype=np.float32)
        return np.clip(np.rint(picture), 0, 255).astype(np.uint8)

    def mask(self, i: int) -> np.ndarray:
        """Give the visible part of the salient object in frame i: (H, W) uint8 {0, 1}."""
        return (self._visible(i) == self._scene(i).salient).astype(np.uint8)

    def flow(self, i: int, j: int) -> np.ndarray:
        """Give the exact flow from what is visible in frame i to frame j: (H, W, 2) float32 pixels.

        It is known everywhere, also where the point is hidden or out of view in frame j.
        """
        visible = self._visible(i)
        y, x = np.mgrid[: self.config.size[0], : self.config.size[1]].astype(np.float64)
        flow = np.empty((*self.config.size, 2), dtype=np.float32)
        places = zip(self._scene(i).placed(i), self._scene(j).placed(j), strict=True)
        for depth, ((_, before), (_, after)) in enumerate(places):
            here = visible == depth
            step = after @ np.linalg.inv(before) - np.eye(3)
            flow[here] = np.stack(apply(step, x[here], y[here]), axis=-1)
        return flow

    def occlusion(self, i: int, j: int) -> np.ndarray:
        """Tell where the point seen in frame i cannot be seen in frame j: (H, W) bool.

        It is hidden by a layer further to the front, or it lies outside the picture, whose area
        ends half a pixel beyond the centres of its border pixels.
        """
        height, width = self.config.size
        y, x = np.mgrid[:height, :width].astype(np.float32)
        dx, dy = np.moveaxis(self.flow(i, j), -1, 0)
        x, y = x + dx, y + dy
        hidden = (x < -0.5) | (x > width - 0.5) | (y < -0.5) | (y > height - 0.5)
        visible = self._visible(i)
        for depth, (layer, to_pixels) in enumerate(self._scene(j).placed(j)):
            behind = (visible < depth) & ~hidden
            hidden[behind] = layer.contains(np.linalg.inv(to_pixels), x[behind], y[behind])
        return hidden

    def _visible(self, i: int) -> np.ndarray:
        """Give the position of the frontmost layer at every pixel centre of frame i: (H, W) int."""
        visible = np.zeros(self.config.size, dtype=np.intp)
        for depth, (layer, to_pixels) in enumerate(self._scene(i).placed(i)):
            box = layer.box(to_pixels, self.config.size)
            y, x = np.mgrid[box].astype(np.float32)
            visible[box][layer.contains(np.linalg.inv(to_pixels), x, y)] = depth
        return visible

    def _scene(self, i: int) -> Scene:
        if not 0 <= i < len(self):
            raise IndexError(f"{self.name} has frames 0 to {len(self) - 1}, not {i}")
        return _build(self.config, self.index)


@lru_cache(maxsize=4)
def _build(config: SyntheticConfig, index: int) -> Scene:
    """Draw a scene, or give it again: its textures take longer to draw than a frame."""
    return SceneBuilder(config, index).build()


def make_synthetic(config: SyntheticConfig) -> list[SyntheticVideo]:
    """Give the videos of a configuration; nothing is drawn before it is asked for."""
    return [SyntheticVideo(config, index) for index in range(config.videos)]


def write_synthetic(
    config: SyntheticConfig, path: str | Path, *, val_videos: int = 0, force: bool = False
) -> Path:
    """Write the videos as a data set in the layout of DAVIS 2016 (frames JPEG, masks PNG 0/255).

    Args:
        config: what to make.
        path: the folder to make; it is there whole or not at all.
        val_videos: how many of the videos, the last ones, make up the split `val`.
        force: replace a data set that stands there already.

    Returns:
        `path`.

    Raises:
        OptionError: `val_videos` leaves no video to train on, or `path` is taken.
    """
    if not 0 <= val_videos < config.videos:
        raise OptionError(
            f"val_videos is {val_videos}; give 0 to {config.videos - 1}, as there are"
            f" {config.videos} videos and one at least is to train on"
        )
    path = Path(path)
    videos = make_synthetic(config)
    record = {"made by": "rcrlib.data.synthetic", "val_videos": val_videos, **asdict(config)}
    with output_folder(path, record, force=force) as folder:
        first_val = config.videos - val_videos
        for split, part in (("train", videos[:first_val]), ("val", videos[first_val:])):
            lines = [line for video in part for line in _write_video(video, folder)]
            listing = folder / "ImageSets" / "480p" / f"{split}.txt"
            listing.parent.mkdir(parents=True, exist_ok=True)
            listing.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def _write_video(video: SyntheticVideo, folder: Path) -> Iterator[str]:
    """Write each frame and mask, and yield the line that lists them."""
    for i in range(len(video)):
        image = Path("JPEGImages", "480p", video.name, f"{i:05d}.jpg")
        label = Path("Annotations", "480p", video.name, f"{i:05d}.png")
        for part in (image, label):
            (folder / part).parent.mkdir(parents=True, exist_ok=True)
        bgr = cv2.cvtColor(video.frame(i), cv2.COLOR_RGB2BGR)
        _write(folder / image, bgr, _JPEG)
        _write(folder / label, 255 * video.mask(i), [])
        yield f"/{image.as_posix()} /{label.as_posix()}"


def _write(path: Path, picture: np.ndarray, options: list[int]) -> None:
    """Write a picture; unlike `cv2.imwrite`, raise `OSError` where the disk is full."""
    path.write_bytes(cv2.imencode(path.suffix, picture, options)[1].tobytes())
