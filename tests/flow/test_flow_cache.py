"""The flow that is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from rcrlib.errors import DataError, OptionError
from rcrlib.flow import FlowCache, get_flow, write_flow
from rcrlib.flow.estimator import Names


class CountingFlow:
    """An estimator that counts the pairs it was asked for; its flow depends on both frames."""

    def __init__(self, key: str = "counting") -> None:
        self.key = key
        self.pairs = 0

    def __call__(self, a: Tensor, b: Tensor, names: Names | None = None) -> Tensor:
        self.pairs += len(a)
        return (b[:, :2].float() - 2 * a[:, :2].float()) / 3


@pytest.fixture
def frames(generator: torch.Generator) -> Tensor:
    return torch.randint(0, 256, (4, 3, 8, 10), generator=generator, dtype=torch.uint8)


def test_a_pair_is_estimated_once(frames: Tensor, tmp_path: Path) -> None:
    estimator = CountingFlow()
    cache = FlowCache(estimator, tmp_path)
    fresh = cache(frames[:2], frames[2:])
    assert torch.equal(cache(frames[:2], frames[2:]), fresh)
    assert estimator.pairs == 2
    again = FlowCache(estimator, tmp_path)  # another run
    assert torch.equal(again(frames[1:2], frames[3:]), fresh[1:])
    assert estimator.pairs == 2


def test_only_the_missing_pairs_of_a_batch_are_estimated(frames: Tensor, tmp_path: Path) -> None:
    estimator = CountingFlow()
    cache = FlowCache(estimator, tmp_path)
    cache(frames[1:2], frames[3:])
    mixed = cache(frames[:2], frames[2:])
    assert estimator.pairs == 2
    assert torch.equal(mixed, FlowCache(estimator, None)(frames[:2], frames[2:]))


def test_direction_method_size_and_a_single_pixel_make_another_flow(
    frames: Tensor, tmp_path: Path
) -> None:
    estimator = CountingFlow()
    a, b = frames[:1], frames[1:2]
    FlowCache(estimator, tmp_path)(a, b)
    changed = a.clone()
    changed[0, 0, 0, 0] ^= 1
    other = CountingFlow("other")
    FlowCache(other, tmp_path)(a, b)
    for pair in [(b, a), (changed, b), (a.reshape(1, 3, 10, 8), b.reshape(1, 3, 10, 8))]:
        FlowCache(estimator, tmp_path)(*pair)
    assert (estimator.pairs, other.pairs) == (4, 1)


def test_results_with_and_without_a_folder_are_the_same_bits(
    frames: Tensor, tmp_path: Path
) -> None:
    a, b = frames[:2], frames[2:]
    plain = FlowCache(CountingFlow(), None)(a, b)
    cache = FlowCache(CountingFlow(), tmp_path)
    for _ in ("fresh", "remembered"):
        assert cache(a, b).numpy().tobytes() == plain.numpy().tobytes()
    assert torch.equal(plain * 64, (plain * 64).round())
    assert (plain - CountingFlow()(a, b)).abs().max() <= 0.5 / 64


@pytest.mark.parametrize("damage", [b"", b"no flow at all", "cut", "another size"])
def test_a_damaged_file_is_made_anew(damage: bytes | str, frames: Tensor, tmp_path: Path) -> None:
    estimator = CountingFlow()
    cache = FlowCache(estimator, tmp_path)
    fresh = cache(frames[:1], frames[1:2])
    (path,) = tmp_path.rglob("*.png")
    whole = path.read_bytes()
    if damage == "another size":
        write_flow(path, torch.zeros(1, 2, 5, 5))
    else:
        path.write_bytes(whole[:-40] if isinstance(damage, str) else damage)
    assert torch.equal(cache(frames[:1], frames[1:2]), fresh)
    assert estimator.pairs == 2
    assert path.read_bytes() == whole


def test_an_interrupted_write_leaves_nothing(
    frames: Tensor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(path: Path, data: bytes) -> None:
        raise OSError("no space left")

    cache = FlowCache(CountingFlow(), tmp_path)
    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OSError, match="no space left"):
        cache(frames[:1], frames[1:2])
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_huge_motion_is_held_to_what_a_file_can_keep(tmp_path: Path) -> None:
    class Huge(CountingFlow):
        def __call__(self, a: Tensor, b: Tensor, names: Names | None = None) -> Tensor:
            return torch.full((len(a), 2, *a.shape[2:]), 1e6)

    frames = torch.zeros(1, 3, 4, 4, dtype=torch.uint8)
    cache = FlowCache(Huge(), tmp_path)
    assert torch.equal(cache(frames, frames), cache(frames, frames))
    assert cache(frames, frames).max() == 512 - 1 / 64


def test_precomputed_flow_is_not_stored_twice_and_so_never_out_of_date(tmp_path: Path) -> None:
    frames = torch.zeros(1, 3, 4, 4, dtype=torch.uint8)
    given = tmp_path / "given"
    cache = None
    for pixels in (1.0, 2.0):
        write_flow(given / "video" / "0_1.flo", torch.full((1, 2, 4, 4), pixels))
        cache = cache or FlowCache(get_flow(f"precomputed:{given}"), tmp_path / "cache")
        assert (cache(frames, frames, [("video/0", "video/1")]) == pixels).all()
    assert not (tmp_path / "cache").exists()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OptionError, match="cannot keep optical flow there"):
        FlowCache(CountingFlow(), tmp_path / "file")


def test_frames_of_two_sizes_are_refused(frames: Tensor, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="one shape"):
        FlowCache(CountingFlow(), tmp_path)(frames[:1], frames[:1, :, :4])
    with pytest.raises(DataError, match="uint8"):
        FlowCache(CountingFlow(), tmp_path)(frames.float(), frames.float())
