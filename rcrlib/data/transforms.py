"""From arrays to what the networks take: tensors, normalised, resized, augmented."""

from __future__ import annotations

from typing import overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2

from rcrlib.errors import OptionError

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def to_tensor(image: NDArray[np.generic]) -> Tensor:
    """Convert a frame (H, W, 3) to (3, H, W), a mask (H, W) to (1, H, W); values stay the same."""
    tensor = torch.from_numpy(np.ascontiguousarray(image))
    return tensor[None] if tensor.ndim == 2 else tensor.permute(2, 0, 1)


def normalise(images: Tensor) -> Tensor:
    """Normalise images with ImageNet's mean and standard deviation, as the networks take them.

    Args:
        images: (..., 3, H, W) RGB; uint8 in 0..255 or float in [0, 1].
    """
    scaled = images.float() / 255 if images.dtype == torch.uint8 else images
    mean, std = _statistics(scaled)
    return (scaled - mean) / std


def denormalise(images: Tensor) -> Tensor:
    """Undo `normalise`: (..., 3, H, W) float in [0, 1]."""
    mean, std = _statistics(images)
    return (images * std + mean).clamp(0, 1)


def resize(images: Tensor, size: tuple[int, int], *, binary: bool = False) -> Tensor:
    """Resize bilinearly, with antialiasing.

    Args:
        images: (..., C, H, W), uint8 or float: frames or soft labels.
        size: the new (H, W).
        binary: these are masks {0, 1}, and they stay so: what is at least half object is object.
    """
    if tuple(images.shape[-2:]) == tuple(size):
        return images
    if not binary:
        return v2.functional.resize(images, list(size), antialias=True)
    shares = v2.functional.resize(images.float(), list(size), antialias=True)
    return (shares >= 0.5).to(images.dtype)


@overload
def augment(
    frames: Tensor, labels: Tensor, seed: int, maps: None = None
) -> tuple[Tensor, Tensor]: ...
@overload
def augment(
    frames: Tensor, labels: Tensor, seed: int, maps: Tensor
) -> tuple[Tensor, Tensor, Tensor]: ...
def augment(
    frames: Tensor, labels: Tensor, seed: int, maps: Tensor | None = None
) -> tuple[Tensor, Tensor] | tuple[Tensor, Tensor, Tensor]:
    """Flip, crop and tint a clip: one draw for all its frames, labels and maps.

    The result depends on the arguments alone, and the global random state is left as it was.
    Labels are sampled at their nearest pixel and stay {0, 1} (or as soft as they are); frames and
    maps bilinearly. Colours change by a fifth at most, and only those of the frames.

    Args:
        frames: (T, 3, H, W) float RGB in [0, 1].
        labels: (T, 1, H, W).
        seed: chooses the draw.
        maps: (T, C, H, W) float, further channels per frame, such as FGPLG's warped labels and flow
            magnitudes. They follow the geometry; their values stay, so they must not be vectors.

    Returns:
        Frames, labels and, where given, maps; all of the shapes that came in.

    Raises:
        OptionError: frames, labels and maps differ in T, H or W.
    """
    given = [frames, labels] if maps is None else [frames, labels, maps]
    if len({(tensor.shape[0], *tensor.shape[-2:]) for tensor in given}) > 1:
        shapes = ", ".join(str(tuple(tensor.shape)) for tensor in given)
        raise OptionError(f"frames, labels and maps differ in T, H or W: {shapes}")
    height, width = frames.shape[-2:]
    aspect = width / height
    geometry = v2.Compose(
        [
            v2.RandomHorizontalFlip(p=0.5),
            v2.RandomResizedCrop(
                (height, width), scale=(0.6, 1), ratio=(0.8 * aspect, 1.25 * aspect)
            ),
        ]
    )
    colour = v2.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2, hue=0.02)
    channels = frames if maps is None else torch.cat([frames, maps], dim=1)
    state = torch.get_rng_state()
    torch.default_generator.manual_seed(seed)  # torch.manual_seed would reseed CUDA as well
    try:
        moved, moved_labels = geometry(tv_tensors.Image(channels), tv_tensors.Mask(labels))
        tinted = colour(tv_tensors.Image(moved[:, :3]))
    finally:
        torch.set_rng_state(state)
    results = (tinted.as_subclass(Tensor), moved_labels.as_subclass(Tensor))
    return results if maps is None else (*results, moved[:, 3:].as_subclass(Tensor))


def _statistics(images: Tensor) -> tuple[Tensor, Tensor]:
    mean = images.new_tensor(IMAGENET_MEAN).view(3, 1, 1)
    return mean, images.new_tensor(IMAGENET_STD).view(3, 1, 1)
