"""What FGPLG can learn from single images: labels as wrong as warped ones are.

A few videos show few kinds of things, and of a thing unlike them a generator that has seen nothing
else throws away what the warped labels had right. Labelled images show thousands of kinds. For each
one, two labels are made from its own that are wrong as flow makes them wrong, and two flows under
which they would be: then FGPLG learns from it as from a triplet. Learning to mend spoilt masks of
still images comes from MaskTrack (Perazzi et al., CVPR 2017, arXiv:1612.02646).

An image's label marks all that stands out, a video's may leave some of that out. So that FGPLG does
not take for an object what no label marks, half of the images share the frame with another one,
whose object nobody has labelled.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from rcrlib.data import Dataset, augment, normalise, resize
from rcrlib.errors import DataError
from rcrlib.flow import magnitude, warp
from rcrlib.runtime import mix_seed
from rcrlib.train.sampler import Draw
from rcrlib.train.samples import Sample
from rcrlib.triplets import image_tensor, label_tensor
from rcrlib.variants import Variant

ERRORS = (0.001, 0.08)
"""How far labels are off, as a share of the side: from half a pixel in 448 to a lost limb."""

COMMON = 0.3
"""Share of labels with a hole (something hid the object there), and of those with a ghost."""

ACCOMPANIED = 0.5
"""Share of images that have another one beside or below them, without its label."""


class StillTriplets:
    """Labelled images as triplets in which frames i and j are made up.

    Args:
        images: any data set with labels; each labelled frame is one sample.
        size: height and width that the network works at.
        variant: how the flow's length is normalised.
        augment: flip, crop and change colours.

    Raises:
        DataError: the data set holds no label.
    """

    def __init__(
        self, images: Dataset, size: tuple[int, int], variant: Variant, *, augment: bool = False
    ) -> None:
        self.labelled = [(video, index) for video in images for index in video.annotated]
        if not self.labelled:
            raise DataError(f"{images.root}: has no labelled image to learn from; give labels")
        self.size, self.variant, self.augment = size, variant, augment

    def __len__(self) -> int:
        return len(self.labelled)

    def frames(self, index: int) -> int:
        """One: the image."""
        return 1

    def __getitem__(self, draw: Draw) -> Sample:
        """Read one image; raises what `Video.frame` and `Video.label` raise."""
        generator = torch.Generator().manual_seed(mix_seed(draw.seed, 1))
        frame, label = self._read(draw.sample)
        if torch.rand((), generator=generator) < ACCOMPANIED:
            other = int(torch.randint(len(self), (), generator=generator))
            frame, label = _accompanied(frame, label, self._read(other)[0], generator)
        if self.augment:
            frame, label = augment(frame, label, draw.seed)
        guide = spoilt_guidance(label, draw.seed, self.variant)
        return Sample(normalise(frame), guide, label)

    def _read(self, sample: int) -> tuple[Tensor, Tensor]:
        video, index = self.labelled[sample]
        label = label_tensor(video, index, self.size)[None]
        return image_tensor(video.frame(index), self.size)[None], (label >= 0.5).float()


def _accompanied(
    frame: Tensor, label: Tensor, other: Tensor, generator: Generator
) -> tuple[Tensor, Tensor]:
    """Put another image in one half of the frame, and this one with its label in the other half."""
    axis = int(torch.randint(2, 4, (), generator=generator))  # below each other or side by side
    first = bool(torch.rand((), generator=generator) < 0.5)
    pair = [(frame, label), (other, torch.zeros_like(label))]
    frames, labels = zip(*(pair if first else reversed(pair)), strict=True)
    height, width = frame.shape[2:]
    return (
        resize(torch.cat(frames, dim=axis), (height, width)),
        resize(torch.cat(labels, dim=axis), (height, width), binary=True),
    )


def spoilt_guidance(label: Tensor, seed: int, variant: Variant = "paper") -> Tensor:
    """Give FGPLG's four guidance channels for a frame whose label is known, with made-up errors.

    Args:
        label: (1, 1, H, W) in {0, 1}.
        seed: decides everything that is random.
        variant: see `rcrlib.flow.magnitude`.

    Returns:
        (1, 4, H, W): two labels in [0, 1], two flow magnitudes, as `rcrlib.flow.guidance` has them.
    """
    generator = torch.Generator().manual_seed(mix_seed(seed))
    low, high = (torch.tensor(share).log() for share in ERRORS)
    off = (low + (high - low) * torch.rand((), generator=generator)).exp()
    labels, lengths = [], []
    for _ in range(2):
        spoilt = _spoil(label, off, generator)
        camera, own = torch.randn(2, 1, 2, 1, 1, generator=generator) * 10  # pixels
        # Estimated flow does not end where the object does: its edges are too wide.
        around = F.avg_pool2d(F.max_pool2d(spoilt, 7, 1, 3), 7, 1, 3)
        labels.append(spoilt)
        lengths.append(magnitude(camera + own * around, variant))
    return torch.cat([*labels, *lengths], dim=1)


def _spoil(label: Tensor, off: Tensor, generator: Generator) -> Tensor:
    """Move a label by a wrong flow of about `off` sides; maybe punch a hole, maybe add a ghost."""
    spoilt = warp(label, _wrong_flow(label, off, generator))
    hole, ghost = torch.rand(2, generator=generator) < COMMON
    if hole:
        spoilt = spoilt * (1 - _disc(label, generator))
    if ghost:
        elsewhere = warp(label, _wrong_flow(label, 3 * off, generator))
        spoilt = torch.maximum(spoilt, elsewhere * _disc(elsewhere, generator))
    return spoilt


def _wrong_flow(label: Tensor, off: Tensor, generator: Generator) -> Tensor:
    """Give a flow (1, 2, H, W) that is a shift and a smooth wobble, each of about `off` sides."""
    height, width = label.shape[2:]
    cells = int(torch.randint(3, 16, (), generator=generator))
    wobble = torch.randn(1, 2, cells, cells, generator=generator)
    wobble = F.interpolate(wobble, (height, width), mode="bicubic", align_corners=True)
    shift = torch.randn(1, 2, 1, 1, generator=generator)
    return (shift + wobble) * off * label.new_tensor([width, height]).view(1, 2, 1, 1)


def _disc(label: Tensor, generator: Generator) -> Tensor:
    """Give a disc (1, 1, H, W) of 1 in 0 around some place of the object, or of the empty frame."""
    height, width = label.shape[2:]
    inside = (label[0, 0] >= 0.5).nonzero()
    if len(inside) == 0:
        inside = torch.tensor([[height // 2, width // 2]])
    y, x = inside[torch.randint(len(inside), (), generator=generator)].tolist()
    radius = (0.05 + 0.2 * torch.rand((), generator=generator)) * (height * width) ** 0.5
    rows, columns = torch.arange(height)[:, None] - y, torch.arange(width) - x
    return (rows.square() + columns.square() < radius**2).float()[None, None]
