"""A data set on the disk against what is published."""

from __future__ import annotations

from dataclasses import replace

import pytest

from helpers.miniature_layouts import davis2016, duts, ecssd
from rcrlib.data.fetch import Counts, find_set, verify
from rcrlib.data.fetch.davis_frames import TRAIN, VAL

KEPT = "blackswan bmx-trees camel car-roundabout dance-twirl drift-straight horsejump-high libby"


@pytest.fixture
def small_davis(mini):
    """DAVIS 2016 if it had two videos: bear with 3 frames, camel with 2."""
    davis2016(mini)
    return replace(
        find_set("davis2016"), counts=Counts(2, 5, 5), frames_per_video={"bear": 3, "camel": 2},
        splits={"train": Counts(1, 3, 3), "val": Counts(1, 2, 2)},
    )  # fmt: skip


def test_a_complete_set_has_no_problems(mini, small_davis):
    verified = verify(small_davis, mini.root)
    assert verified.complete
    assert [row.verdict for row in verified.rows] == ["ok"] * 9
    assert "licence: CC BY-NC 4.0" in list(verified.lines())
    assert any("Perazzi" in line for line in verified.lines())


def test_missing_frames_labels_and_videos_are_named(mini, small_davis):
    (mini.root / "JPEGImages/480p/bear/00001.png").unlink()
    (mini.root / "Annotations/480p/bear/00001.png").unlink()
    (mini.root / "Annotations/480p/bear/00002.png").unlink()
    more = {**small_davis.frames_per_video, "cows": 104}
    verified = verify(
        replace(small_davis, counts=Counts(3, 109, 109), frames_per_video=more), mini.root
    )
    assert not verified.complete
    for problem in (
        "1 videos missing (104 frames): cows",
        "bear: 1 of 3 frames missing: 00001",
        "1 frames without a label: bear/00002",
        "the split train cannot be read, or is not there",
    ):
        assert problem in verified.problems
    assert {row.what: row.verdict for row in verified.rows}["frames"] == "105 missing"


def test_files_that_are_broken_are_found(mini, small_davis):
    (mini.root / "JPEGImages/480p/bear/00001.png").write_bytes(b"broken")
    mini.mask("Annotations/480p/camel/00000.png", size=(5, 5))
    assert len(verify(small_davis, mini.root).problems) == 2
    assert verify(small_davis, mini.root, files=False).complete


def test_an_image_too_many_is_counted(mini):
    ecssd(mini)
    mini.frame("images/0002.jpg")
    verified = verify(replace(find_set("ecssd"), counts=Counts(1, 1, 1)), mini.root)
    assert verified.problems == ("1 frames without a label: 0002", "images: 1 more")


def test_masks_with_grey_edges_and_without_an_object_are_noted(mini):
    duts(mini)
    mini.mask("DUTS-TE-Mask/TE.png", columns=slice(0, 0))
    published = replace(find_set("duts"), counts=Counts(2, 2, 2), splits={})
    verified = verify(published, mini.root)
    assert verified.complete
    assert verified.notes == ("labels without an object (1): TE",)


def test_davis_2016_as_it_is_shared(shared, full):
    """Exactly what the shared copy lacks of the official 3455 frames, and nothing else.

    It has the 30 training sequences cut to 45 frames and 8 validation sequences whole.
    """
    verified = verify(find_set("davis2016"), shared / "data/DAVIS2016", files=full)
    absent = [name for name in VAL if name not in KEPT.split()]
    assert len(absent) == 12
    lacking = sum(VAL[name] for name in absent)
    expected = [f"12 videos missing ({lacking} frames): {', '.join(absent)}"]
    for name, count in TRAIN.items():
        if count > 45:
            lacking += count - 45
            missing = f"{count - 45} of {count} frames missing: 00045 to {count - 1:05d}"
            expected.append(f"{name}: {missing}")
    assert list(verified.problems) == expected
    rows = {row.what: (row.published, row.found) for row in verified.rows}
    assert rows["frames"] == rows["labels"] == (3455, 3455 - lacking)
    assert lacking == 1603
