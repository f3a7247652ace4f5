"""Colours and textures of the synthetic videos: tileable, rich at every scale, drawn from a seed.

A texture is made from noise that is drawn in the frequency domain on a grid of fixed size and then
evaluated at whatever resolution is asked for, so that a scene looks the same at every frame size.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np

Pattern = Literal["cloud", "ridges", "marble", "spots", "maze"]

_GRID = 512  # cycles are drawn up to 256 per tile: finer ones could not be seen at 448x448


def fractal_noise(
    rng: np.random.Generator, size: int, low: float, high: float, slope: float
) -> np.ndarray:
    """Draw tileable noise whose amplitude falls as `frequency ** -slope` between two frequencies.

    Args:
        rng: source of the spectrum; the amount drawn does not depend on the other arguments.
        size: side of the square tile in texels.
        low: lowest frequency, in cycles per tile.
        high: highest frequency, in cycles per tile.
        slope: 0 gives white noise, about 1 a natural texture, 2 soft clouds.

    Returns:
        (size, size) float32 with mean 0 and deviation 1 (less where `size` cannot carry `high`).
    """
    half = _GRID // 2
    parts = rng.standard_normal((2, _GRID, half + 1), dtype=np.float32)
    frequency = _frequency()
    inside = (frequency >= low) & (frequency <= high)
    gain = np.where(inside, np.maximum(frequency, 1) ** -slope, 0)
    energy = 2 * ((gain**2).sum() + (gain[:, 1:] ** 2).sum())  # the stored half stands for both

    kept = min(size // 2, half)  # crop (or pad with zeros) to what `size` texels can carry
    cropped = np.zeros((size, size // 2 + 1), dtype=np.complex64)
    for rows in (slice(0, kept), slice(1 - kept, None)):
        part = parts[:, rows, :kept]
        cropped[rows, :kept] = (part[0] + 1j * part[1]) * (gain[rows, :kept] / np.sqrt(energy))
    return (np.fft.irfft2(cropped, s=(size, size)) * size**2).astype(np.float32)


@cache
def _frequency() -> np.ndarray:
    """Return the cycles per tile at each point of the half spectrum, (_GRID, _GRID // 2 + 1)."""
    across = np.arange(_GRID // 2 + 1, dtype=np.float32)
    down = (np.fft.fftfreq(_GRID) * _GRID).astype(np.float32)
    return np.hypot(across[None], down[:, None])


def texture(
    rng: np.random.Generator, size: int, pattern: Pattern, cycles: float, colours: np.ndarray
) -> np.ndarray:
    """Draw a tileable colour texture.

    Args:
        rng: source of every draw.
        size: side of the tile in texels.
        pattern: how the field that runs through the colours looks.
        cycles: how often the pattern repeats over the tile, roughly.
        colours: (256, 3) colours, low to high values of the field, as of `colour_ramp`.

    Returns:
        (size, size, 3) float32 in [0, 255]; texel (y, x) sits at ((x + 0.5), (y + 0.5)) / size.
    """
    field = np.clip(_field(rng, size, pattern, cycles), 0, 1)
    image = colours[(field * 255).round().astype(np.uint8)]
    broad = fractal_noise(rng, size, 1, 6, 1.0)  # light and shade over large areas
    fine = fractal_noise(rng, size, cycles, 256, 0.8)  # a surface that one can almost touch
    light = 1 + 0.06 * broad + 0.07 * fine
    return np.clip(image * light[..., None], 0, 255).astype(np.float32)


def _field(rng: np.random.Generator, size: int, pattern: Pattern, cycles: float) -> np.ndarray:
    if pattern == "cloud":
        return 0.5 + 0.22 * fractal_noise(rng, size, cycles / 4, 256, 1.5)
    if pattern == "ridges":
        return 1 - 0.75 * np.abs(fractal_noise(rng, size, cycles / 3, cycles * 8, 1.5))
    if pattern == "marble":
        direction = rng.uniform(0, 2 * np.pi)
        steps = np.rint(cycles * np.array([np.cos(direction), np.sin(direction)]))  # tileable
        place = (np.arange(size) + 0.5) / size
        phase = 2 * np.pi * (steps[0] * place[None] + steps[1] * place[:, None])
        return 0.5 + 0.5 * np.sin(phase + 1.6 * fractal_noise(rng, size, 1, 64, 1.7))
    band = fractal_noise(rng, size, 0.75 * cycles, 1.25 * cycles, 0)
    return _smoothstep(band, 0.2, 0.9) if pattern == "spots" else _smoothstep(band, -0.5, 0.5)


def _smoothstep(values: np.ndarray, low: float, high: float) -> np.ndarray:
    x = np.clip((values - low) / (high - low), 0, 1)
    return x * x * (3 - 2 * x)


def colour_ramp(
    rng: np.random.Generator, lightness: float, chroma: float, hue: float
) -> np.ndarray:
    """Draw a run of related colours, dark to light, around one colour.

    Args:
        rng: source of the small shifts in hue and chroma along the run.
        lightness: of the middle, 0 (black) to 1 (white), as Oklab defines it.
        chroma: 0 (grey) to about 0.2 (vivid).
        hue: in degrees.

    Returns:
        (256, 3) float32 sRGB in [0, 255].
    """
    stops = np.linspace(0, 1, 4)
    hues = np.radians(hue + rng.uniform(-28, 28, 4))
    chromas = chroma * rng.uniform(0.6, 1.3, 4)
    corners = np.stack(
        [
            lightness + np.array([-0.17, -0.05, 0.05, 0.17]),
            chromas * np.cos(hues),
            chromas * np.sin(hues),
        ]
    )
    along = np.linspace(0, 1, 256)
    return _oklab_to_srgb(np.stack([np.interp(along, stops, row) for row in corners], axis=-1))


def _oklab_to_srgb(colours: np.ndarray) -> np.ndarray:
    """Convert (N, 3) Oklab (Ottosson 2020) to sRGB in [0, 255]; what no screen shows is clipped."""
    to_cones = np.array(
        [
            [1.0, 0.3963377774, 0.2158037573],
            [1.0, -0.1055613458, -0.0638541728],
            [1.0, -0.0894841775, -1.2914855480],
        ]
    )
    to_rgb = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = np.clip((colours @ to_cones.T) ** 3 @ to_rgb.T, 0, 1)
    curve = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (255 * curve).astype(np.float32)
