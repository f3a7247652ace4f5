"""Synthetic videos with exact masks, exact optical flow and exact occlusions.

Everything is made of opaque layers whose motion is known in closed form (`synthetic_layer`), put
together by chance (`synthetic_scene`), so that the flow is not estimated but computed:

    flow(i, j) = T_j o T_i^-1 - identity,    T: the motion of the layer that is visible in frame i.

The set serves lessons and tests that can download nothing, and measures what real data cannot:
how much of a pseudo-label's error is the flow's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from rcrlib.data.synthetic_config import SyntheticConfig
from rcrlib.data.synthetic_layer import apply
from rcrlib.data.synthetic_scene import Scene, SceneBuilder
from rcrlib.errors import OptionError
from rcrlib.files import output_folder

IMAGE_SEED_OFFSET = 2**31
"""Added to the seed of a set of images: sets of videos use the seeds below."""

_JPEG = [  # colours at full resolution: at 128x128 an object's texture is only a few pixels wide
    cv2.IMWRITE_JPEG_QUALITY,
    95,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
]


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
        picture *= np.exp(self.light(i), dtype=np.float32)
        rng = np.random.default_rng([self.config.seed, self.index, i])
        picture += self.config.noise * rng.standard_normal(picture.shape, dtype=np.float32)
        return np.clip(np.rint(picture), 0, 255).astype(np.uint8)

    def light(self, i: int) -> np.ndarray:
        """Return the natural logarithm of the light's red, green and blue in frame i: (3,)."""
        return np.array([wave(i) for wave in self._scene(i).light])

    def mask(self, i: int) -> np.ndarray:
        """Return the visible part of the salient object in frame i: (H, W) uint8 {0, 1}."""
        return (self._visible(i) == self._scene(i).salient).astype(np.uint8)

    def flow(self, i: int, j: int) -> np.ndarray:
        """Return the exact flow from what frame i shows to frame j: (H, W, 2) float32 pixels.

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
        """Mark the points of frame i that are not visible in frame j: (H, W) bool.

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
        """Return the index of the frontmost layer at each pixel centre of frame i: (H, W) int."""
        visible = np.zeros(self.config.size, dtype=np.intp)
        for depth, (layer, to_pixels) in enumerate(self._scene(i).placed(i)):
            box = layer.box(to_pixels, self.config.size)
            if box[0].stop == box[0].start:
                continue
            y, x = np.mgrid[box].astype(np.float32)
            visible[box][layer.contains(np.linalg.inv(to_pixels), x, y)] = depth
        return visible

    def _scene(self, i: int) -> Scene:
        if not 0 <= i < len(self):
            raise IndexError(f"{self.name} has frames 0 to {len(self) - 1}, not {i}")
        return _build(self.config, self.index)


@lru_cache(maxsize=4)
def _build(config: SyntheticConfig, index: int) -> Scene:
    """Build a scene; cached, because its textures take longer to draw than a frame."""
    return SceneBuilder(config, index).build()


def make_synthetic(config: SyntheticConfig) -> list[SyntheticVideo]:
    """Return the videos of a configuration; frames are drawn when they are read."""
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


def write_synthetic_images(
    config: SyntheticConfig, path: str | Path, count: int, *, force: bool = False
) -> Path:
    """Write single images with masks, as stage 1 learns from them, in the layout of ECSSD.

    Each image has a look of its own, and none is that of a video which `config` makes.

    Args:
        config: what the images are like; `videos`, `frames` and `looks` do not matter.
        path: the folder to make; it is there whole or not at all.
        count: how many images.
        force: replace a set that stands there already.

    Returns:
        `path`.

    Raises:
        OptionError: `count` is below 1, or `path` is taken.
    """
    if count < 1:
        raise OptionError(f"images is {count}; give at least 1")
    seed = config.seed + IMAGE_SEED_OFFSET
    config = replace(config, videos=count, frames=1, looks=0, seed=seed)
    record = {"made by": "rcrlib.data.synthetic", "images": count, **asdict(config)}
    path = Path(path)
    with output_folder(path, record, force=force) as folder:
        for kind in ("images", "ground_truth_mask"):
            (folder / kind).mkdir(parents=True)
        for video in make_synthetic(config):
            bgr = cv2.cvtColor(video.frame(0), cv2.COLOR_RGB2BGR)
            _write(folder / "images" / f"{video.name}.jpg", bgr, _JPEG)
            _write(folder / "ground_truth_mask" / f"{video.name}.png", 255 * video.mask(0), [])
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
