"""Reading and writing flow files: Middlebury's .flo, KITTI's .png, NumPy's .npy.

A flow in memory is float32 (1, 2, H, W) in pixels, a batch of one, ready for `warp`.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from rcrlib.errors import DataError, OptionError
from rcrlib.files import atomic_file

FLOW_SUFFIXES = (".png", ".flo", ".npy")

_FLO_MAGIC = b"PIEH"  # the float 202021.25 in little-endian bytes
_FLO_UNKNOWN = 1e9  # Middlebury writes larger numbers where the flow is not known
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_KITTI_ZERO, _KITTI_STEPS = 2**15, 64  # stored = 64 x pixels + 2^15, in 16 bits
KITTI_RANGE = (-512.0, (2**16 - 1 - _KITTI_ZERO) / _KITTI_STEPS)
"""The smallest and the largest displacement, in pixels, that a KITTI file can hold."""


def read_flow(path: str | Path) -> Tensor:
    """Read a dense flow.

    Args:
        path: a `.flo` (Middlebury), a `.npy` of shape (H, W, 2) or a `.png` (KITTI: 16 bits, steps
            of 1/64 pixel).

    Returns:
        float32 (1, 2, H, W) in pixels, channel 0 to the right and channel 1 down.

    Raises:
        DataError: the file is missing, damaged, of another kind, or lacks the flow of some pixels.
        OptionError: the suffix is none of the three.
    """
    path = Path(path)
    decode = {".png": _decode_kitti, ".flo": _decode_flo, ".npy": _decode_npy}.get(path.suffix)
    if decode is None:
        raise OptionError(_unknown_suffix(path))
    if not path.is_file():
        raise DataError(f"{path}: no such flow file")
    try:
        flow = decode(path)
    except (ValueError, OSError, struct.error, cv2.error) as error:
        raise DataError(
            f"{path}: not a readable {path.suffix} flow ({error}); write it anew"
        ) from error
    unknown = int((~(np.abs(flow) < _FLO_UNKNOWN)).any(axis=2).sum())  # the "not" also finds NaN
    if unknown:
        raise DataError(
            f"{path}: {unknown} of {flow[..., 0].size} pixels have no flow; a dense flow is needed"
        )
    return torch.from_numpy(flow.astype(np.float32)).permute(2, 0, 1).unsqueeze(0).contiguous()


def write_flow(path: str | Path, flow: Tensor) -> None:
    """Write a flow in the format that the suffix names; the file is there whole or not at all.

    Args:
        path: `.flo` and `.npy` keep float32; `.png` (KITTI) rounds to 1/64 pixel.
        flow: (1, 2, H, W) in pixels.

    Raises:
        DataError: values that are not finite, or too large for a KITTI file.
        OptionError: the suffix is none of the three.
        ValueError: the flow has another shape.
    """
    path = Path(path)
    encode = {".png": _encode_kitti, ".flo": _encode_flo, ".npy": _encode_npy}.get(path.suffix)
    if encode is None:
        raise OptionError(_unknown_suffix(path))
    if flow.ndim != 4 or flow.shape[:2] != (1, 2):
        raise ValueError(f"flow of shape {tuple(flow.shape)}: expected (1, 2, H, W)")
    if not flow.isfinite().all():
        raise DataError(f"{path}: the flow to be written holds values that are not finite")
    low, high = KITTI_RANGE
    if path.suffix == ".png" and not (low <= flow.min() and flow.max() <= high):
        raise DataError(
            f"{path}: a KITTI file holds displacements from {low} to {high:.2f} px, this flow"
            f" reaches {flow.abs().max():.1f} px; write a .flo or .npy"
        )
    values = flow[0].detach().cpu().to(torch.float32).permute(1, 2, 0).contiguous().numpy()
    with atomic_file(path) as temporary:
        encode(temporary, values)


def round_to_kitti(flow: Tensor) -> Tensor:
    """Round as a KITTI file does: to 1/64 pixel, clamped to `KITTI_RANGE`."""
    rounded = (flow * _KITTI_STEPS).round() / _KITTI_STEPS
    return rounded.clamp(*KITTI_RANGE) + 0.0  # a file knows no -0.0


def _encode_kitti(path: Path, flow: np.ndarray) -> None:
    stored = np.rint(flow * _KITTI_STEPS) + _KITTI_ZERO
    dx, dy = np.moveaxis(stored.astype(np.uint16), 2, 0)
    # The file's channels are dx, dy, "valid"; OpenCV wants them last to first.
    _, encoded = cv2.imencode(".png", np.dstack([np.ones_like(dx), dy, dx]))
    path.write_bytes(encoded.tobytes())


def _decode_kitti(path: Path) -> np.ndarray:
    data = path.read_bytes()
    _check_png(data)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None or image.dtype != np.uint16 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError("expected a PNG of three channels with 16 bits each")
    valid, dy, dx = np.moveaxis(image, 2, 0)
    flow = (np.dstack([dx, dy]).astype(np.float32) - _KITTI_ZERO) / _KITTI_STEPS
    flow[valid == 0] = np.nan
    return flow


def _check_png(data: bytes) -> None:
    """Raise `ValueError` for a damaged PNG, which OpenCV would give as far as it could read it."""
    if not data.startswith(_PNG_MAGIC):
        raise ValueError("not a PNG")
    kind, position = b"", len(_PNG_MAGIC)
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 8 + length
        (checksum,) = struct.unpack_from(">I", data, end)
        if zlib.crc32(data[position + 4 : end]) != checksum:
            raise ValueError("damaged: a checksum does not agree")
        position = end + 4


def _encode_flo(path: Path, flow: np.ndarray) -> None:
    height, width = flow.shape[:2]
    path.write_bytes(_FLO_MAGIC + struct.pack("<ii", width, height) + flow.astype("<f4").tobytes())


def _decode_flo(path: Path) -> np.ndarray:
    data = path.read_bytes()
    if not data.startswith(_FLO_MAGIC):
        raise ValueError("does not start with PIEH")
    width, height = struct.unpack_from("<ii", data, 4)
    values = np.frombuffer(data, "<f4", offset=12)
    if min(width, height) < 1 or values.size != width * height * 2:
        raise ValueError(f"{values.size} numbers for {width} x {height} pixels")
    return values.reshape(height, width, 2)


def _encode_npy(path: Path, flow: np.ndarray) -> None:
    np.save(path, flow)


def _decode_npy(path: Path) -> np.ndarray:
    with path.open("rb") as file:
        flow = np.lib.format.read_array(file, allow_pickle=False)
    if flow.ndim != 3 or flow.shape[2] != 2 or flow.dtype.kind != "f":
        raise ValueError(f"{flow.dtype} of shape {flow.shape}, expected floats (H, W, 2)")
    return flow


def _unknown_suffix(path: Path) -> str:
    return (
        f"{path}: unknown flow format {path.suffix!r}; expected one of {', '.join(FLOW_SUFFIXES)}"
    )
