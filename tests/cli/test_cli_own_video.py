"""From one's own film and five drawn labels to saliency maps, by the README's own words."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from rcrlib.data import load
from rcrlib.errors import DataError

README = Path(__file__).resolve().parents[2] / "README.md"
FRAMES, HEIGHT, WIDTH = 24, 64, 96


@pytest.fixture
def film(tmp_path):
    """A plain mp4 in which a disc goes to the right."""
    path = tmp_path / "film.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 12, (WIDTH, HEIGHT))
    for index in range(FRAMES):
        frame = np.full((HEIGHT, WIDTH, 3), (90, 60, 50), np.uint8)
        cv2.circle(frame, place(index), 12, (40, 180, 220), -1)
        writer.write(frame)
    writer.release()
    return path


def place(index: int) -> tuple[int, int]:
    return 20 + 2 * index, 32


def draw_in_labelme(folder: Path) -> list[str]:
    """Draw the disc on every picture that is there, as labelme saves it."""
    files = sorted((folder / "pictures").glob("*.json"))
    for path in files:
        content = json.loads(path.read_text())
        x, y = place(int(path.stem))
        angles = np.linspace(0, 2 * np.pi, 30, endpoint=False)
        points = [[x + 12 * np.cos(a), y + 12 * np.sin(a)] for a in angles]
        content["shapes"] = [{"label": "disc", "points": points, "shape_type": "polygon"}]
        path.write_text(json.dumps(content))
    return [path.stem for path in files]


def commands_of_the_readme() -> list[list[str]]:
    text = README.read_text(encoding="utf-8")
    section = re.search(r"<!-- own video -->\n```bash\n(.*?)```\n<!-- end -->", text, re.S)
    assert section
    lines = [line for line in section[1].splitlines() if not line.startswith("#")]
    return [shlex.split(line)[1:] for line in lines]


def test_from_a_film_and_five_labels_to_maps_as_the_readme_says(rcr, film, tmp_path):
    choose, bring_back, demo = commands_of_the_readme()
    assert rcr(*choose).status == 0
    drawn = draw_in_labelme(tmp_path / "to-draw")
    assert len(drawn) == 5
    ended = rcr(*bring_back)
    assert (ended.status, ended.err) == (0, "")
    assert "my-set/film: 5 labels" in ended.out
    video = load(tmp_path / "my-set")["film"]
    assert [video.frame_names[index] for index in video.annotated] == drawn
    ended = rcr(*demo, "--steps", 2, "--preset", "smallest")
    assert (ended.status, ended.err) == (0, "")
    text = README.read_text(encoding="utf-8")
    folder = re.search(r"`(my-run/[\w-]+)`\nthen holds|`(my-run/[\w-]+)` then holds", text)
    assert folder
    maps = sorted((tmp_path / (folder[1] or folder[2]) / "film").glob("*.png"))
    assert [path.stem for path in maps] == [f"{index:05d}" for index in range(FRAMES)]
    assert all(np.array(Image.open(path)).shape == (HEIGHT, WIDTH) for path in maps)
    assert (tmp_path / "my-run/sheet.png").is_file()


def test_labels_lie_where_they_were_drawn(rcr, film, tmp_path):
    rcr("data", "label", film, "--frames", 5, "-o", "to-draw")
    draw_in_labelme(tmp_path / "to-draw")
    rcr("data", "label", film, "--labels", "to-draw", "-o", "my-set")
    video = load(tmp_path / "my-set")["film"]
    for index in video.annotated:
        rows, columns = np.nonzero(video.label(index))
        assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx(place(index), abs=0.3)
        assert len(rows) == pytest.approx(np.pi * 144, rel=0.03)


def test_nothing_drawn_is_no_label(rcr, refused, film, tmp_path):
    assert rcr("data", "label", film, "--frames", 3, "-o", "to-draw").status == 0
    says = ["film: nothing was drawn on 00000, 00012, 00023", "draw what is salient there"]
    refused("data", "label", film, "--labels", "to-draw", "-o", "my-set", says=says)
    with pytest.raises(DataError, match="no known layout"):
        load(tmp_path / "to-draw")  # its black masks are no labels either


def test_pictures_with_nothing_drawn_are_no_labels_unless_asked_for(rcr, film, tmp_path):
    rcr("data", "label", film, "--frames", 3, "-o", "to-draw")
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[20:40, 30:60] = 255
    Image.fromarray(mask).save(tmp_path / "to-draw/labels/00012.png")
    ended = rcr("data", "label", film, "--labels", "to-draw", "-o", "a")
    assert "nothing drawn on 00000, 00023: not taken as labels" in ended.out
    assert load(tmp_path / "a")["film"].annotated == (12,)
    ended = rcr("data", "label", film, "--labels", "to-draw", "-o", "b", "--keep-empty")
    assert "taken as frames without an object" in ended.out
    assert load(tmp_path / "b")["film"].annotated == (0, 12, 23)


def test_every_label_that_cannot_be_used_is_listed(rcr, film, tmp_path):
    rcr("data", "label", film, "--frames", 3, "-o", "to-draw")
    draw_in_labelme(tmp_path / "to-draw")
    (tmp_path / "to-draw/pictures/00000.json").write_text("{")
    Image.new("L", (5, 5), 255).save(tmp_path / "to-draw/labels/00012.png")
    Image.new("L", (WIDTH, HEIGHT), 255).save(tmp_path / "to-draw/labels/99999.png")
    ended = rcr("data", "label", film, "--labels", "to-draw", "-o", "my-set")
    assert ended.status == 2
    assert len(ended.out.splitlines()) == 3
    for words in ("00000.json: cannot be read as JSON", "is 5x5 and its frame is 96x64",
                  "the video has no frame of that name"):  # fmt: skip
        assert words in ended.out
    assert ended.err == "rcr: to-draw: 3 label(s) cannot be used, listed above\n"
    assert not (tmp_path / "my-set").exists()


@pytest.mark.parametrize("policy", ["even", "appearance", "flow", "k-centre"])
def test_every_policy_chooses_frames(rcr, film, tmp_path, policy):
    options = ("--policy", policy, "--encoder-weights", "none", "--frames", 4)
    ended = rcr("data", "label", film, *options, "-o", "to-draw")
    assert (ended.status, ended.err) == (0, "")
    assert "4 of 24 frames to draw on: 00000" in ended.out
    assert len(list((tmp_path / "to-draw/pictures").glob("*.jpg"))) == 4


def test_a_second_film_goes_into_the_same_set(rcr, film, tmp_path):
    rcr("data", "label", film, "--frames", 3, "-o", "to-draw")
    draw_in_labelme(tmp_path / "to-draw")
    film.with_name("other.mp4").write_bytes(film.read_bytes())
    for name in ("film.mp4", "other.mp4"):
        assert rcr("data", "label", name, "--labels", "to-draw", "-o", "my-set").status == 0
    assert [video.name for video in load(tmp_path / "my-set")] == ["film", "other"]


def test_options_out_of_range_and_missing_files_are_refused(refused, film):
    label = ("data", "label", film)
    refused(*label, "--frames", 99, "-o", "a", says=["film has 24 frames; choose 1 to 24"])
    refused(*label, "--policy", "best", "-o", "a", says=["policy 'best': unknown; use even"])
    refused(*label, "--labels", "nowhere", "-o", "a", says=["nowhere: not there"])
    refused("data", "label", "nowhere.mp4", "-o", "a", says=["nowhere.mp4: not there"])


def test_void_goes_from_the_drawing_into_the_set_and_onto_the_sheet(rcr, film, tmp_path):
    rcr("data", "label", film, "--frames", 1, "-o", tmp_path / "to draw")
    (name,) = draw_in_labelme(tmp_path / "to draw")
    path = tmp_path / f"to draw/pictures/{name}.json"
    content = json.loads(path.read_text())
    corner = [[0, 0], [20, 0], [20, 10], [0, 10]]
    content["shapes"].append({"label": "__ignore__", "points": corner, "shape_type": "polygon"})
    path.write_text(json.dumps(content))
    rcr("data", "label", film, "--labels", tmp_path / "to draw", "-o", tmp_path / "set")
    (video,) = load(tmp_path / "set")
    assert video.void(int(name)).sum() == 200
    assert not video.label(int(name))[:10, :20].any()
    rcr("data", "show", tmp_path / "set", "-o", tmp_path / "sheet.png")


def test_the_next_step_can_be_pasted_into_a_shell(rcr, film, tmp_path):
    video = film.rename(tmp_path / "the dog.mp4")
    out = rcr("data", "label", video, "--frames", 1, "-o", tmp_path / "to draw").out
    line = next(line for line in out.splitlines() if line.startswith("then: "))
    words = shlex.split(line.removeprefix("then: "))
    assert words == [
        "rcr",
        "data",
        "label",
        str(video),
        "--labels",
        f"{tmp_path}/to draw",
        "-o",
        "my-set",
    ]
