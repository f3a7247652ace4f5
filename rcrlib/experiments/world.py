"""The generated videos and images that experiments and the demo use where no data is given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from rcrlib.data import SyntheticConfig, write_synthetic, write_synthetic_images
from rcrlib.lock import file_lock

VIDEOS = SyntheticConfig(
    videos=18, frames=41, size=(192, 192), looks=3, appearance_change=1.0, clutter=5.0, motion=0.7,
    distractors=(0, 3), low_contrast_share=0.0,
)  # fmt: skip
"""Six videos to learn from, twelve to judge on. Between two kept labels the light changes much and
the object moves little: labels in between have something to teach, and flow can carry a label to
them, well but not perfectly. All videos share three looks, so that six of them can teach what the
other twelve need. Chosen on seeds from 100 on."""

TEST_VIDEOS = 12

IMAGES = 120
"""Single images for stage 1, as the paper's MSRA-B and HKU-IS: of other objects than the videos."""


@dataclass(frozen=True)
class World:
    """What is generated for one seed."""

    videos: SyntheticConfig
    test_videos: int = TEST_VIDEOS
    images: int = IMAGES

    @classmethod
    def of_seed(cls, seed: int, **knobs: float) -> World:
        """Return the default world with another seed and other knobs of `SyntheticConfig`."""
        return cls(replace(VIDEOS, seed=seed, **knobs))  # type: ignore[arg-type]

    @property
    def says(self) -> str:
        """Its knobs in words."""
        v = self.videos
        return (
            f"appearance change {v.appearance_change:g}, clutter {v.clutter:g},"
            f" motion {v.motion:g}, occlusion {v.occlusion:g}, {v.looks} looks"
        )

    def make(self, folder: Path) -> tuple[Path, Path]:
        """Write the videos and the images under `folder`, unless they are there; return both."""
        videos, images = folder / "synthetic", folder / "synthetic-images"
        with file_lock(folder / "locks" / "data.lock"):
            if not videos.is_dir():
                write_synthetic(self.videos, videos, val_videos=self.test_videos)
            if not images.is_dir():
                write_synthetic_images(self.videos, images, self.images)
        return videos, images
