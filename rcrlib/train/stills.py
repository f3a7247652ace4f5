"""Synthetic triplets for FGPLG from labelled still images, with the errors of warped labels.

A few videos show few categories of objects, and FGPLG trained on them alone rejects correct warped
labels of other categories. Labelled images show thousands. From each image's label, two corrupted
ones are made, with errors such as optical flow causes, and two flows that would cause them: FGPLG
learns from these as from a triplet. Learning to correct corrupted masks of still images comes from
MaskTrack (Perazzi et al., CVPR 2017, arXiv:1612.02646).

Labels of images mark everything salient; labels of videos may not. So that FGPLG learns to leave
unlabelled objects alone, half of the images share their frame with a distractor: another image
without its label.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from rcrlib.data import Dataset, augment, normalise, resize
from rcrlib.errors import DataError
from rcrlib.flow import magnitude, warp
from rcrlib.runtime import mix_seed
from rcrlib.train.sampler import SampleKey
from rcrlib.train.samples import Sample
from rcrlib.triplets import VOID_TARGET, cut_target, image_tensor, target_tensor
from rcrlib.variants import Variant

DISPLACEMENT = (0.001, 0.08)
"""How far labels are displaced, as a share of the side: from half a pixel in 448 to a lost limb."""

HOLE_RATE = GHOST_RATE = 0.3
"""Share of labels with a hole (something hid the object there), and with a ghost (a false part)."""

DISTRACTOR_RATE = 0.5
"""Share of images that share their frame with another one, without its label."""


class StillTriplets:
    """Labelled images as triplets: the warped labels and the flows of i and j are synthetic.

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
        """Return 1: the image."""
        return 1

    def __getitem__(self, key: SampleKey) -> Sample:
        """Read one image; raises what `Video.frame` and `Video.label` raise."""
        generator = torch.Generator().manual_seed(mix_seed(key.seed, 1))
        frame, label = self._read(key.sample)
        if torch.rand((), generator=generator) < DISTRACTOR_RATE:
            other = int(torch.randint(len(self), (), generator=generator))
            frame, label = _add_distractor(frame, label, self._read(other)[0], generator)
        if self.augment:
            frame, label = augment(frame, label, key.seed)
        guide = corrupted_guidance(label.clamp(min=0), key.seed, self.variant)
        return Sample(normalise(frame), guide, label)

    def _read(self, sample: int) -> tuple[Tensor, Tensor]:
        video, index = self.labelled[sample]
        label = target_tensor(video, index, self.size)[None]
        return image_tensor(video.frame(index), self.size)[None], cut_target(label)


def _add_distractor(
    frame: Tensor, label: Tensor, other: Tensor, generator: Generator
) -> tuple[Tensor, Tensor]:
    """Put another image in one half of the frame, and this one with its label in the other half.

    Args:
        frame: (1, 3, H, W).
        label: (1, 1, H, W) of `frame`, with `VOID_TARGET` at void pixels.
        other: (1, 3, H, W), the distractor.
        generator: decides the halves.

    Returns:
        Frame and label, of the same shapes.
    """
    axis = int(torch.randint(2, 4, (), generator=generator))  # below each other or side by side
    first = bool(torch.rand((), generator=generator) < 0.5)
    pair = [(frame, label), (other, torch.zeros_like(label))]
    frames, labels = zip(*(pair if first else reversed(pair)), strict=True)
    size = (frame.shape[2], frame.shape[3])
    target = torch.cat(labels, dim=axis)
    halves = resize(target.clamp(min=0), size, binary=True)
    if (target < 0).any():
        halves[resize((target < 0).float(), size) > 1e-3] = VOID_TARGET
    return resize(torch.cat(frames, dim=axis), size), halves


def corrupted_guidance(label: Tensor, seed: int, variant: Variant = "paper") -> Tensor:
    """Return FGPLG's four guidance channels for a frame with a known label, with synthetic errors.

    Args:
        label: (1, 1, H, W) in {0, 1}.
        seed: decides everything that is random.
        variant: see `rcrlib.flow.magnitude`.

    Returns:
        (1, 4, H, W): two labels in [0, 1], two flow magnitudes, as `rcrlib.flow.guidance` has them.
    """
    generator = torch.Generator().manual_seed(mix_seed(seed))
    low, high = (torch.tensor(share).log() for share in DISPLACEMENT)
    displacement = (low + (high - low) * torch.rand((), generator=generator)).exp()
    labels, lengths = [], []
    for _ in range(2):
        corrupted = _corrupt(label, displacement, generator)
        camera, own = torch.randn(2, 1, 2, 1, 1, generator=generator) * 10  # pixels
        # Estimated flow does not end where the object does: its edges are too wide.
        around = F.avg_pool2d(F.max_pool2d(corrupted, 7, 1, 3), 7, 1, 3)
        labels.append(corrupted)
        lengths.append(magnitude(camera + own * around, variant))
    return torch.cat([*labels, *lengths], dim=1)


def _corrupt(label: Tensor, displacement: Tensor, generator: Generator) -> Tensor:
    """Warp a label by a wrong flow of about `displacement` sides; maybe add a hole and a ghost."""
    corrupted = warp(label, _wrong_flow(label, displacement, generator))
    hole, ghost = torch.rand(2, generator=generator)
    if hole < HOLE_RATE:
        corrupted = corrupted * (1 - _disc(label, generator))
    if ghost < GHOST_RATE:
        elsewhere = warp(label, _wrong_flow(label, 3 * displacement, generator))
        corrupted = torch.maximum(corrupted, elsewhere * _disc(elsewhere, generator))
    return corrupted


def _wrong_flow(label: Tensor, displacement: Tensor, generator: Generator) -> Tensor:
    """Return a flow (1, 2, H, W): a shift and a wobble, each of about `displacement` sides."""
    height, width = label.shape[2:]
    cells = int(torch.randint(3, 16, (), generator=generator))
    wobble = torch.randn(1, 2, cells, cells, generator=generator)
    wobble = F.interpolate(wobble, (height, width), mode="bicubic", align_corners=True)
    shift = torch.randn(1, 2, 1, 1, generator=generator)
    return (shift + wobble) * displacement * label.new_tensor([width, height]).view(1, 2, 1, 1)


def _disc(label: Tensor, generator: Generator) -> Tensor:
    """Return the mask (1, 1, H, W) of a disc around a pixel of the object, or around the centre."""
    height, width = label.shape[2:]
    inside = (label[0, 0] >= 0.5).nonzero()
    if len(inside) == 0:
        inside = torch.tensor([[height // 2, width // 2]])
    y, x = inside[torch.randint(len(inside), (), generator=generator)].tolist()
    radius = (0.05 + 0.2 * torch.rand((), generator=generator)) * (height * width) ** 0.5
    rows, columns = torch.arange(height)[:, None] - y, torch.arange(width) - x
    return (rows.square() + columns.square() < radius**2).float()[None, None]
