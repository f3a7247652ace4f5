"""Flow files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from rcrlib.errors import DataError, OptionError
from rcrlib.flow import read_flow, write_flow


@pytest.fixture
def flow(generator: torch.Generator) -> Tensor:
    return 50 * torch.randn(1, 2, 11, 17, generator=generator)


@pytest.mark.parametrize("suffix", [".flo", ".npy"])
def test_float_formats_keep_every_bit(suffix: str, flow: Tensor, tmp_path: Path) -> None:
    write_flow(tmp_path / f"f{suffix}", flow)
    assert torch.equal(read_flow(tmp_path / f"f{suffix}"), flow)


def test_kitti_rounds_to_a_64th_of_a_pixel(flow: Tensor, tmp_path: Path) -> None:
    write_flow(tmp_path / "f.png", flow)
    assert torch.equal(read_flow(tmp_path / "f.png"), (flow * 64).round() / 64)


def test_kitti_files_hold_dx_dy_valid_in_this_order(tmp_path: Path) -> None:
    flow = torch.tensor([1.0, -2.0]).view(1, 2, 1, 1).expand(1, 2, 3, 4)
    write_flow(tmp_path / "f.png", flow)
    stored = cv2.imread(str(tmp_path / "f.png"), cv2.IMREAD_UNCHANGED)[..., ::-1]
    assert stored.dtype == np.uint16
    assert stored[0, 0].tolist() == [2**15 + 64, 2**15 - 128, 1]


def test_flo_and_npy_files_are_what_other_tools_write(flow: Tensor, tmp_path: Path) -> None:
    array = flow[0].permute(1, 2, 0).numpy()
    header = np.array([202021.25], "<f4").tobytes() + np.array([17, 11], "<i4").tobytes()
    (tmp_path / "f.flo").write_bytes(header + array.tobytes())
    assert torch.equal(read_flow(tmp_path / "f.flo"), flow)
    np.save(tmp_path / "f.npy", array.astype(np.float64))
    assert torch.equal(read_flow(tmp_path / "f.npy"), flow)


@pytest.mark.parametrize("suffix", [".png", ".flo", ".npy"])
@pytest.mark.parametrize("damage", ["empty", "cut", "text"])
def test_damaged_files_are_refused_by_name(
    suffix: str, damage: str, flow: Tensor, tmp_path: Path
) -> None:
    path = tmp_path / f"f{suffix}"
    write_flow(path, flow)
    whole = path.read_bytes()
    path.write_bytes({"empty": b"", "cut": whole[: len(whole) // 2], "text": b"no flow"}[damage])
    with pytest.raises(DataError, match=f"f{suffix}") as caught:
        read_flow(path)
    assert "\n" not in str(caught.value)


def test_a_single_flipped_bit_of_a_png_is_noticed(flow: Tensor, tmp_path: Path) -> None:
    path = tmp_path / "f.png"
    write_flow(path, flow)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match="checksum"):
        read_flow(path)


def test_ordinary_pictures_and_arrays_are_not_taken_for_flow(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "f.png"), np.zeros((4, 5, 3), np.uint8))
    with pytest.raises(DataError, match="16 bits"):
        read_flow(tmp_path / "f.png")
    np.save(tmp_path / "f.npy", np.zeros((2, 4, 5), np.float32))
    with pytest.raises(DataError, match=r"\(H, W, 2\)"):
        read_flow(tmp_path / "f.npy")


def test_flow_with_holes_is_refused(flow: Tensor, tmp_path: Path) -> None:
    stored = np.full((4, 5, 3), 2**15, np.uint16)
    stored[..., 0] = 1  # "valid" comes first for OpenCV
    stored[0, :2, 0] = 0
    cv2.imwrite(str(tmp_path / "f.png"), stored)
    array = np.zeros((4, 5, 2), np.float32)
    array[0, :2] = np.nan
    np.save(tmp_path / "f.npy", array)
    for name in ("f.png", "f.npy"):
        with pytest.raises(DataError, match="2 of 20 pixels have no flow"):
            read_flow(tmp_path / name)


def test_missing_files_and_unknown_formats_are_named(flow: Tensor, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.flo"):
        read_flow(tmp_path / "gone.flo")
    for use in (read_flow, lambda path: write_flow(path, flow)):
        with pytest.raises(OptionError, match=r"\.png, \.flo, \.npy"):
            use(tmp_path / "f.jpg")


def test_what_a_file_cannot_hold_is_not_written(flow: Tensor, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"512.*600"):
        write_flow(tmp_path / "f.png", torch.full((1, 2, 4, 5), 600.0))
    with pytest.raises(DataError, match="not finite"):
        write_flow(tmp_path / "f.flo", torch.full((1, 2, 4, 5), torch.nan))
    with pytest.raises(ValueError, match=r"\(1, 2, H, W\)"):
        write_flow(tmp_path / "f.flo", flow[0])
    assert not list(tmp_path.iterdir())
