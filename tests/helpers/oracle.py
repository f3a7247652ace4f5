"""What pysodmetrics says of a frame, what we say, and what exact arithmetic says of S.

pysodmetrics is installed without its dependencies (one of them overwrites OpenCV's folder), so that
what it needs of them stands in our own list of test packages.
"""

from __future__ import annotations

import warnings
from fractions import Fraction
from math import sqrt
from typing import Any

import numpy as np
import py_sod_metrics
import torch

from rcrlib.metrics import (
    adaptive_e,
    adaptive_f,
    e_measure,
    f_measure,
    mae,
    precision_recall,
    s_measure,
    stretch,
    weighted_f,
)
from rcrlib.metrics.counts import count_levels
from rcrlib.metrics.frame import level_scale, measure
from rcrlib.metrics.weighted import fast_weighted_f

Answers = dict[str, Any]


def pysod(levels: np.ndarray, mask: np.ndarray, min_max: bool) -> Answers:
    """Ask pysodmetrics; its curves begin with the highest threshold and are turned round here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        f, s, m = py_sod_metrics.Fmeasure(), py_sod_metrics.Smeasure(), py_sod_metrics.MAE()
        e, w = py_sod_metrics.Emeasure(), py_sod_metrics.WeightedFmeasure()
        pair = (levels, mask * np.uint8(255)) if min_max else (levels / 255, mask)
        for tool in (f, s, m, e, w):
            tool.step(*pair, normalize=min_max)
        curves, aligned = f.get_results(), e.get_results()["em"]
    return {
        "precision": curves["pr"]["p"][::-1],
        "recall": curves["pr"]["r"][::-1],
        "f": curves["fm"]["curve"][::-1],
        "adp_f": curves["fm"]["adp"],
        "e": aligned["curve"][::-1],
        "adp_e": aligned["adp"],
        "s": s.get_results()["sm"],
        "mae": m.get_results()["mae"],
        "w_f": w.get_results()["wfm"],
    }


def fast(levels: np.ndarray, mask: np.ndarray, min_max: bool) -> Answers:
    """Ask the path that `SaliencyMetrics` takes."""
    (counts,) = count_levels(torch.from_numpy(levels)[None], torch.from_numpy(mask)[None])
    scale = level_scale(counts, min_max)
    weighted = fast_weighted_f(levels, scale.values, mask)
    return {**vars(measure(counts, scale)), "w_f": weighted}


def readable(levels: np.ndarray, mask: np.ndarray, min_max: bool) -> Answers:
    """Ask the functions that read like their equations."""
    p, g = torch.from_numpy(levels / 255), torch.from_numpy(mask)
    precision, recall = precision_recall(p, g, min_max=min_max)
    e = e_measure(p, g, min_max=min_max)
    p = stretch(p) if min_max else p
    return {
        "precision": precision.numpy(), "recall": recall.numpy(),
        "f": f_measure(precision, recall).numpy(), "adp_f": adaptive_f(p, g),
        "e": e.numpy(), "adp_e": adaptive_e(p, g),
        "s": s_measure(p, g), "mae": mae(p, g), "w_f": weighted_f(p, g),
    }  # fmt: skip


def differing(a: Answers, b: Answers, tolerance: float) -> set[str]:
    """Name the measures that differ by more, or are no numbers in one of the two."""
    return {name for name in a if not np.max(np.abs(np.asarray(a[name]) - b[name])) <= tolerance}


def known_defects(levels: np.ndarray, mask: np.ndarray, min_max: bool) -> dict[str, str]:
    """Name the measures that pysodmetrics gets wrong for this frame, and why."""
    defects = {}
    y, x = _split(mask)
    parts = [
        (levels[r, c], mask[r, c]) for r in (np.s_[:y], np.s_[y:]) for c in (np.s_[:x], np.s_[x:])
    ]
    if 0 < mask.sum() < mask.size:
        if any(part.size == 0 for part, _ in parts):
            defects["s"] = "a quadrant is empty: its mean is NaN, and max(0, NaN) is 0"
        elif any(part.size == 1 for part, _ in parts):
            defects["s"] = "a quadrant of one pixel has 0 / 0 for a variance"
        elif mask.sum() in (1, mask.size - 1):
            defects["s"] = "one pixel has 0 / 0 for a deviation"
        elif any(np.ptp(part) == 0 and truth.min() == truth.max() for part, truth in parts):
            defects["s"] = "the rounded mean of equal values differs from them: a variance"
    if mask.size == 1:
        defects |= dict.fromkeys(("e", "adp_e"), "N - 1 is 0")
    units = levels.astype(int) - (levels.min() if min_max else 0)
    if (units * units.size == 2 * units.sum()).any():
        reason = "a value equals twice the mean, which is rounded"
        defects |= {name: reason for name in ("adp_f", "adp_e") if name not in defects}
    return defects


def exact_adaptive(levels: np.ndarray, mask: np.ndarray, min_max: bool) -> dict[str, float]:
    """Compute adaptive F and E, with a threshold in fractions: twice the mean, at most 1."""
    p = _fractions(levels, min_max)
    threshold = min(2 * _mean([v for row in p for v in row]), Fraction(1))
    salient = np.array([[v >= threshold for v in row] for row in p])
    hits, predicted, truth = (int(m.sum()) for m in (salient & mask, salient, mask))
    f = 1.3 * hits / (0.3 * truth + predicted) if hits else 0.0
    a, b = salient - salient.mean(), mask - mask.mean()
    if 0 < truth < mask.size:
        e = ((1 + 2 * a * b / (a**2 + b**2)) ** 2 / 4).sum()
    else:
        e = (salient == mask).sum()
    return {"adp_f": f, "adp_e": e / max(mask.size - 1, 1)}


def exact_s(levels: np.ndarray, mask: np.ndarray, min_max: bool) -> float:
    """Compute S in fractions: Fan et al. 2017, sample deviations, empty quadrants left out."""
    p = _fractions(levels, min_max)
    flat = [
        (v, bool(g))
        for row, truth in zip(p, mask, strict=True)
        for v, g in zip(row, truth, strict=True)
    ]
    inside, outside = [v for v, g in flat if g], [1 - v for v, g in flat if not g]
    if not inside:
        return float(_mean(outside))
    if not outside:
        return float(_mean(inside))
    object_ = sum(len(part) * _likeness(part) for part in (inside, outside)) / mask.size
    y, x = _split(mask)
    region = 0.0
    for rows in (range(y), range(y, mask.shape[0])):
        for columns in (range(x), range(x, mask.shape[1])):
            pairs = [(p[r][c], Fraction(int(mask[r, c]))) for r in rows for c in columns]
            region += len(pairs) * _similarity(pairs) / mask.size if pairs else 0
    return max(0.0, (object_ + region) / 2)


def _fractions(levels: np.ndarray, min_max: bool) -> list[list[Fraction]]:
    """Return what the levels stand for, exactly."""
    low, high = (int(levels.min()), int(levels.max())) if min_max else (0, 255)
    low, high = (low, high) if low < high else (0, 255)
    return [[Fraction(int(v) - low, high - low) for v in row] for row in levels]


def _split(mask: np.ndarray) -> tuple[int, int]:
    rows, columns = np.nonzero(mask)
    if not rows.size:
        return 0, 0
    return int(np.round(rows.mean())) + 1, int(np.round(columns.mean())) + 1


def _mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction()) / len(values)


def _likeness(values: list[Fraction]) -> float:
    mean = _mean(values)
    variance = sum((v - mean) ** 2 for v in values) / max(len(values) - 1, 1)
    return float(2 * mean) / (float(mean**2 + 1) + sqrt(variance))


def _similarity(pairs: list[tuple[Fraction, Fraction]]) -> float:
    x, y = _mean([a for a, _ in pairs]), _mean([b for _, b in pairs])
    variances = sum((a - x) ** 2 + (b - y) ** 2 for a, b in pairs)
    covariance = sum((a - x) * (b - y) for a, b in pairs)
    return float(4 * x * y * covariance / ((x * x + y * y) * variances)) if variances else 1.0
