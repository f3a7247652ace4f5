"""What an MP4 or QuickTime file says of its video track, and how to say at what times frames show.

OpenCV tells of a display matrix only by how much it turns, and writes films of one frame rate. Both
are in the file's boxes (ISO/IEC 14496-12): a size of four bytes, a kind of four letters, content.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST_SAMPLES = 20_000_000
"""More frames than a film has, nine days of them; a header that says more is damaged."""

MOST_BYTES = 2**28
"""More than a header takes."""

TICKS = 10_000
"""Units of a second in which `write_times` writes."""


@dataclass(frozen=True)
class Mp4Track:
    """What the header says of the first video track.

    Attributes:
        matrix: ((a, b), (c, d)) of the display matrix: the pixel at (x, y) is shown at
            (a x + c y, b x + d y), shifted into the picture.
        shown: how many frames the edit list shows; None where the header does not say.
    """

    matrix: tuple[tuple[float, float], tuple[float, float]]
    shown: int | None


Bytes = bytes | bytearray


class _Box(NamedTuple):
    kind: bytes
    start: int
    body: int
    end: int


def read_track(path: Path) -> Mp4Track | None:
    """Read the header of the first video track; None where there is none that can be read."""
    try:
        with path.open("rb") as file:
            moov = next((box for box in _top_boxes(file) if box.kind == b"moov"), None)
            if moov is None or moov.end - moov.start > MOST_BYTES:
                return None
            file.seek(moov.start)
            return _track(file.read(moov.end - moov.start))
    except (struct.error, IndexError, ValueError, OverflowError):
        return None


def bytes_said(path: Path) -> int | None:
    """Return how long the file should be by the boxes that it is made of; None if it is no MP4."""
    try:
        with path.open("rb") as file:
            ends = [box.end for box in _top_boxes(file)]
    except (struct.error, OverflowError):
        return None
    return max(ends, default=None)


def write_times(path: Path, times: Sequence[float]) -> bool:
    """Let the frames of an MP4 file that OpenCV wrote show at these times.

    Args:
        path: the file; its only track holds `len(times)` frames, in the order in which they show.
        times: in seconds, ascending; the first frame shows at once whatever it says. The last frame
            shows as long as the one before it.

    Returns:
        Whether it could be done; the file is unchanged where it could not.
    """
    deltas = np.diff(np.rint(np.asarray(times) * TICKS).astype(np.int64))
    if not len(deltas) or (deltas <= 0).any():
        return False
    deltas = np.append(deltas, deltas[-1])
    with path.open("r+b") as file:
        tops = list(_top_boxes(file))
        moov = tops[-1]
        if moov.kind != b"moov":  # what follows it would have to move
            return False
        file.seek(moov.start)
        data = bytearray(file.read())
        try:
            track = _video_track(data)
            if track is None or _find(data, track, b"mdia", b"minf", b"stbl", b"ctts") is not None:
                return False
            new = _with_durations(data, track, deltas)
        except (struct.error, ValueError):  # another writer than the one that this is for
            return False
        file.seek(moov.start)
        file.write(new)
        file.truncate()
    return True


def _top_boxes(file: BinaryIO) -> Iterator[_Box]:
    """Yield the boxes that a file is made of; the last may end after the file does."""
    size = file.seek(0, 2)
    start = 0
    while start + 8 <= size:
        file.seek(start)
        head = file.read(16)
        length, kind = struct.unpack(">I4s", head[:8])
        body = start + 8
        if length == 1:
            (length,) = struct.unpack(">Q", head[8:16])
            body += 8
        end = size if length == 0 else start + length
        if end < body or (start == 0 and kind not in _FIRST):
            return
        yield _Box(kind, start, body, end)
        start = end


_FIRST = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp")
"""What such a file may begin with."""


def _boxes(data: Bytes, start: int, end: int) -> Iterator[_Box]:
    while start + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, start)
        body = start + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, body)
            body += 8
        stop = end if length == 0 else start + length
        if not body <= stop <= end:
            return
        yield _Box(kind, start, body, stop)
        start = stop


def _find(data: Bytes, box: _Box, *kinds: bytes) -> _Box | None:
    """Return the first box of the last kind within one of the kind before it, and so on."""
    found: _Box | None = box
    for kind in kinds:
        if found is None:
            return None
        found = next((b for b in _boxes(data, found.body, found.end) if b.kind == kind), None)
    return found


def _moov(data: Bytes) -> _Box:
    moov = next(_boxes(data, 0, len(data)), None)
    if moov is None:
        raise ValueError("a header that is cut off")
    return moov


def _video_track(data: Bytes) -> _Box | None:
    moov = _moov(data)
    for box in _boxes(data, moov.body, moov.end):
        handler = _find(data, box, b"mdia", b"hdlr") if box.kind == b"trak" else None
        if handler is not None and data[handler.body + 8 : handler.body + 12] == b"vide":
            return box
    return None


def _track(data: Bytes) -> Mp4Track | None:
    track = _video_track(data)
    if track is None:
        return None
    matrix = np.eye(2)
    for box in (_find(data, track, b"tkhd"), _find(data, _moov(data), b"mvhd")):
        if box is not None:
            at = 40 if box.kind == b"tkhd" else 36
            at += box.body + 12 * (data[box.body] == 1)  # version 1 has longer times
            a, b, _, c, d = struct.unpack_from(">5i", data, at)
            matrix = matrix @ (np.array([[a, b], [c, d]]) / 65536)
    (a, b), (c, d) = matrix.tolist()
    return Mp4Track(((a, b), (c, d)), _shown(data, track))


def _shown(data: Bytes, track: _Box) -> int | None:
    """Count the samples that the edit list shows."""
    times = _sample_times(data, track)
    edits = _find(data, track, b"edts", b"elst")
    if times is None or edits is None:
        return None if times is None else len(times)
    movie, media = _find(data, _moov(data), b"mvhd"), _find(data, track, b"mdia", b"mdhd")
    if movie is None or media is None:
        return None
    ratio = _timescale(data, media) / max(1, _timescale(data, movie))
    shown = np.zeros(len(times), bool)
    version = data[edits.body]
    (count,) = struct.unpack_from(">I", data, edits.body + 4)
    form = struct.Struct(">QqI" if version == 1 else ">IiI")
    if edits.body + 8 + count * form.size > edits.end:
        return None
    for index in range(count):
        length, start, _ = form.unpack_from(data, edits.body + 8 + index * form.size)
        if start >= 0:
            end = start + length * ratio if length else np.inf
            shown |= (times >= start) & (times < end - ratio / 2)
    return int(shown.sum()) if count else len(times)


def _sample_times(data: Bytes, track: _Box) -> NDArray[np.int64] | None:
    """Return when each sample shows, in the track's own units; None for a film in fragments."""
    stbl = _find(data, track, b"mdia", b"minf", b"stbl")
    if stbl is None:
        return None
    lasts = _run_lengths(data, _find(data, stbl, b"stts"))
    if lasts is None or not len(lasts):
        return None
    times = np.concatenate([[0], np.cumsum(lasts[:-1])])
    shifts = _run_lengths(data, _find(data, stbl, b"ctts"))
    return times + shifts if shifts is not None and len(shifts) == len(times) else times


def _run_lengths(data: Bytes, box: _Box | None) -> NDArray[np.int64] | None:
    """Read a table of (how many samples, value of each)."""
    if box is None:
        return None
    table = np.frombuffer(data, ">i4", (box.end - box.body - 8) // 4, box.body + 8)
    pairs = table[: len(table) // 2 * 2].reshape(-1, 2).astype(np.int64)
    counts = pairs[:, 0]
    if (counts < 0).any() or counts.sum() > MOST_SAMPLES:
        return None
    return np.repeat(pairs[:, 1], counts)


def _timescale(data: Bytes, box: _Box) -> int:
    """Return the units of a second of an `mvhd` or `mdhd`."""
    (units,) = struct.unpack_from(">I", data, box.body + (20 if data[box.body] == 1 else 12))
    return int(units)


def _with_durations(data: bytearray, track: _Box, deltas: NDArray[np.int64]) -> bytes:
    """Return the `moov` with these durations of its frames, in `TICKS`."""
    total = int(deltas.sum())
    chain = [_moov(data), track]
    for kind in (b"mdia", b"minf", b"stbl", b"stts"):
        chain.append(_required(data, chain[-1], kind))
    movie = _required(data, chain[0], b"mvhd")
    length = round(total / TICKS * _timescale(data, movie))
    media = _required(data, chain[2], b"mdhd")
    _put(data, movie, 16, length)
    _put(data, _required(data, track, b"tkhd"), 20, length)
    _put(data, media, 12, TICKS)
    _put(data, media, 16, total)
    edits = _find(data, track, b"edts", b"elst")
    if edits is not None:
        _put(data, edits, 8, length)
    starts = np.flatnonzero(np.concatenate([[True], deltas[1:] != deltas[:-1]]))
    counts = np.diff(np.append(starts, len(deltas)))
    table = np.stack([counts, deltas[starts]], 1).astype(">u4").tobytes()
    old = chain.pop()
    stts = struct.pack(">I4sII", 16 + len(table), b"stts", 0, len(counts)) + table
    more = len(stts) - (old.end - old.start)
    for box in chain:
        struct.pack_into(">I", data, box.start, box.end - box.start + more)
    return bytes(data[: old.start]) + stts + bytes(data[old.end :])


def _required(data: Bytes, box: _Box, kind: bytes) -> _Box:
    found = _find(data, box, kind)
    if found is None:
        raise ValueError(f"no {kind.decode()} in {box.kind.decode()}")
    return found


def _put(data: bytearray, box: _Box, at: int, value: int) -> None:
    """Write a number of four bytes into a box of version 0."""
    if data[box.body] != 0:
        raise ValueError(f"{box.kind.decode()} of another version than OpenCV writes")
    struct.pack_into(">I", data, box.body + at, value)
