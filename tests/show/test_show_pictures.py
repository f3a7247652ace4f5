"""Pictures: their sizes, what they show where, how they are written, and what they leave alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from helpers.pictures import in_colour
from rcrlib.errors import DataError, OptionError
from rcrlib.metrics import SaliencyMetrics, SaliencyResult
from rcrlib.show import (
    PALETTE,
    as_picture,
    contact_sheet,
    curves,
    flow_picture,
    overlay,
    precision_recall_plot,
)

FRAME = np.full((40, 60, 3), 90, np.uint8)


def square(size: tuple[int, int] = (40, 60)) -> np.ndarray:
    mask = np.zeros(size, np.uint8)
    mask[10:30, 20:40] = 1
    return mask


def result(seed: int = 0) -> SaliencyResult:
    generator = torch.Generator().manual_seed(seed)
    mask = torch.rand(16, 16, generator=generator) > 0.5
    metrics = SaliencyMetrics()
    metrics.update(0.6 * mask + 0.4 * torch.rand(16, 16, generator=generator), mask)
    return metrics.compute()


def test_importing_loads_no_matplotlib_and_drawing_no_pyplot() -> None:
    program = (
        "import sys, rcrlib.show as show\n"
        "assert 'matplotlib' not in sys.modules\n"
        "show.curves({'a': ([0, 1], [0, 1])}, 'x', 'y')\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_overlay_tints_inside_and_leaves_the_rest() -> None:
    before = FRAME.copy()
    picture = overlay(FRAME, square(), colour=(250, 0, 0))
    assert picture.shape == FRAME.shape
    assert picture.dtype == np.uint8
    assert (before == FRAME).all()
    red, green, blue = picture[20, 30]
    assert red > 150 > green == blue
    assert (picture[:5] == 90).all()
    assert (picture[:, :14] == 90).all()


def test_overlay_has_a_contour_that_needs_no_colour() -> None:
    """On a frame of the tint's own colour the object is still seen."""
    frame = np.full((40, 60, 3), (86, 180, 233), np.uint8)
    across = overlay(frame, square())[20, 10:30].astype(int).sum(1)
    assert across.min() < 150
    assert across.max() > 650


def test_overlay_grows_with_saliency() -> None:
    reds = [overlay(FRAME, np.full((40, 60), s), (255, 0, 0))[20, 30, 0] for s in (0, 0.2, 0.4)]
    assert reds[0] == 90 < reds[1] < reds[2]


def test_overlay_shows_void_in_grey_and_leaves_the_rest() -> None:
    frame = np.full((20, 30, 3), 200, np.uint8)
    void = np.zeros((20, 30), bool)
    void[:5] = True
    plain, marked = (
        overlay(frame, np.zeros((20, 30))),
        overlay(frame, np.zeros((20, 30)), void=void),
    )
    assert (marked[:5] == round(0.45 * 200 + 0.55 * 128)).all()
    assert np.array_equal(marked[5:], plain[5:])


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (40, 60)])
def test_overlay_takes_empty_full_and_tiny(value: float, size: tuple[int, int]) -> None:
    frame = np.zeros((*size, 3), np.uint8)
    assert overlay(frame, np.full(size, value)).shape == (*size, 3)


@pytest.mark.parametrize(
    ("frame", "saliency", "says"),
    [
        (FRAME, np.zeros((40, 61)), r"\(40, 60\).*\(40, 61\)"),
        (FRAME, np.full((40, 60), 255), "expected \\[0, 1\\]"),
        (FRAME, np.full((40, 60), np.nan), "expected \\[0, 1\\]"),
        (FRAME, np.zeros((1, 40, 60)), "expected \\(H, W\\)"),
        (FRAME / 255, np.zeros((40, 60)), "uint8"),
        (FRAME[..., 0], np.zeros((40, 60)), "uint8 \\(H, W, 3\\)"),
    ],
)
def test_overlay_refuses_what_does_not_fit(frame, saliency, says) -> None:
    with pytest.raises(DataError, match=says):
        overlay(frame, saliency)


def test_maps_masks_and_greys_become_pictures() -> None:
    assert as_picture(np.array([[0.0, 0.5, 1.0]]))[0, :, 0].tolist() == [0, 128, 255]
    assert as_picture(square())[20, 30].tolist() == [255, 255, 255]
    assert as_picture(square().astype(bool)).max() == 255
    assert as_picture(np.array([[0, 7, 255]], np.uint8))[0, :, 2].tolist() == [0, 7, 255]
    assert as_picture(torch.ones(2, 2)).shape == (2, 2, 3)
    with pytest.raises(DataError, match="scale it"):
        as_picture(np.array([[0.0, 3.5]]))


def test_flow_becomes_a_picture() -> None:
    flow = torch.zeros(2, 5, 6)
    flow[0, :, 3:] = 4
    picture = flow_picture(flow)
    assert picture.shape == (5, 6, 3)
    assert picture.dtype == np.uint8
    assert (picture[:, 0] != picture[:, 5]).any()
    with pytest.raises(DataError, match=r"\(2, H, W\)"):
        flow_picture(flow[None])


def test_sheet_holds_every_cell_unblurred_and_is_written(tmp_path: Path) -> None:
    stripes = np.zeros((90, 120, 3), np.uint8)
    stripes[:, ::2] = (255, 0, 0)
    rows = [[stripes, square(), None], [None, np.random.default_rng(0).random((30, 10)), stripes]]
    path = tmp_path / "pictures" / "sheet.png"
    sheet = contact_sheet(rows, ["a", "b", "c"], ["first", "second"], path, "title", cell_width=120)
    written = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    assert (sheet == written).all()
    assert sheet.dtype == np.uint8
    assert sheet.shape[1] > 3 * 120
    assert list(path.parent.iterdir()) == [path]
    red = (sheet == (255, 0, 0)).all(2)
    assert red.sum() == 2 * 90 * 60  # a cell of the column's own width is shown pixel by pixel
    assert (sheet[0] == 255).all()
    assert (sheet[:, -1] == 255).all()


def test_sheet_without_any_type_has_only_cells_and_margins() -> None:
    sheet = contact_sheet([[FRAME]], None, cell_width=60)
    grey = np.argwhere((sheet == 90).all(2))
    assert (grey.max(0) - grey.min(0) + 1).tolist() == [40, 60]


def test_titles_stay_on_the_sheet_and_off_the_cells() -> None:
    """White cells: every dark pixel is type, and none of it touches the border of the sheet."""
    white = np.full((60, 80, 3), 255, np.uint8)
    sheet = contact_sheet(
        [[white, white], [white, white]],
        ["a title of many words that has to break into lines", "qjp"],
        ["a-very-long-name-of-a-video $1", "öäß"],
        title="a title that is wider than both columns together",
        cell_width=80,
    )
    dark = sheet.min(2) < 120
    assert dark.any()
    assert not dark[:3].any()
    assert not dark[:, :3].any()
    assert not dark[:, -3:].any()
    margin, gap = 11, 3
    assert not dark[-(margin + 2 * 60 + gap) :, -(margin + 2 * 80 + gap) :].any()


def test_sheet_takes_rows_without_pictures_and_odd_shapes() -> None:
    sheet = contact_sheet([[None, None], [np.zeros((200, 2)), np.zeros((2, 200))]], ["a", "b"])
    assert sheet.shape[0] > 240


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"rows": []}, "one length"),
        ({"rows": [[]]}, "one length"),
        ({"rows": [[FRAME], [FRAME, None]]}, "one length"),
        ({"column_titles": ["a", "b"]}, "2 titles for 1 columns"),
        ({"row_titles": ["a", "b"]}, "2 titles for 1 rows"),
        ({"cell_width": 4}, "at least 16"),
        ({"path": "sheet.jpg"}, "sheet.jpg.*png"),
    ],
)
def test_sheet_refuses_what_does_not_agree(arguments: dict, says: str) -> None:
    with pytest.raises(OptionError, match=says):
        contact_sheet(**({"rows": [[FRAME]], "column_titles": None} | arguments))


def test_sheet_names_the_cell_that_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="row 1, column 0"):
        contact_sheet([[FRAME], [np.zeros(3)]], None, path=tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_charts_are_written_whole_and_the_same_each_time(tmp_path: Path, suffix: str) -> None:
    series = {"a": (np.arange(5), np.arange(5) ** 2), "b": (np.arange(400), np.arange(400))}
    for name in ("one", "two"):
        picture = curves(series, "step", "loss", "title", tmp_path / f"{name}{suffix}")
        assert picture.ndim == 3
        assert picture.dtype == np.uint8
        precision_recall_plot({"net": result()}, tmp_path / f"pr-{name}{suffix}")
    for kind in ("", "pr-"):
        one, two = ((tmp_path / f"{kind}{name}{suffix}").read_bytes() for name in ("one", "two"))
        assert one == two
    assert len(list(tmp_path.iterdir())) == 4


def test_the_returned_chart_is_the_written_one(tmp_path: Path) -> None:
    picture = curves({"a": ([0, 1], [1, 0])}, "x", "y", path=tmp_path / "a.png")
    written = cv2.cvtColor(cv2.imread(str(tmp_path / "a.png")), cv2.COLOR_BGR2RGB)
    assert (picture == written).all()


def test_a_failure_leaves_no_file(tmp_path: Path) -> None:
    for path in ("chart.jpg", "chart"):
        with pytest.raises(OptionError, match=r"\.png or \.svg"):
            curves({"a": ([0], [1])}, "x", "y", path=tmp_path / path)
    assert not list(tmp_path.iterdir())


def test_lines_show_in_their_own_colours() -> None:
    series = {str(i): ([0, 1], [i, i]) for i in range(len(PALETTE))}
    picture = curves(series, "x", "y")
    for colour in PALETTE:
        assert in_colour(picture, colour).sum() > 100


def test_charts_do_not_depend_on_the_users_settings_and_change_none() -> None:
    import matplotlib

    plain = curves({"a": ([0, 1], [1, 0])}, "x", "y")
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black", "savefig.dpi": 10}):
        before = dict(matplotlib.rcParams)
        assert (curves({"a": ([0, 1], [1, 0])}, "x", "y") == plain).all()
        assert dict(matplotlib.rcParams) == before


def test_single_points_gaps_and_empty_curves_are_drawn() -> None:
    curves({"point": ([1], [2]), "gap": ([0, 1, 2], [0, np.nan, 2])}, "x", "y")
    metrics = SaliencyMetrics()
    metrics.update(torch.zeros(3, 3), torch.zeros(3, 3))
    precision_recall_plot({"nothing found": metrics.compute(), "net": result()})


def test_charts_refuse_what_cannot_be_drawn() -> None:
    with pytest.raises(DataError, match="no series"):
        curves({}, "x", "y")
    for x, y in [([0, 1], [0]), ([], []), ([[0]], [[1]])]:
        with pytest.raises(DataError, match="series 'a'"):
            curves({"a": (x, y)}, "x", "y")
    with pytest.raises(DataError, match="no results"):
        precision_recall_plot({})
    other = SaliencyResult(**(vars(result()) | {"protocol": "another"}))
    with pytest.raises(OptionError, match="another, paper"):
        precision_recall_plot({"a": result(), "b": other})
