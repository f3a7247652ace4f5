"""Every public set: from its archives, as published, to a data set that is ready for training."""

from __future__ import annotations

import ast
import json
import runpy
import sys
from pathlib import Path

import pytest

from helpers import archive_server as server
from helpers.published_archives import MAKE, archives_of, from_site
from rcrlib.data import load
from rcrlib.data.fetch import CATALOGUE, find_set, get, plan
from rcrlib.data.fetch.davis_frames import TRAIN, VAL
from rcrlib.errors import DataError, OptionError

SCRIPTS = Path(__file__).resolve().parents[2] / "data_scripts"
DOWNLOADED = [name for name in MAKE if not find_set(name).by_hand]
BY_HAND = [name for name in MAKE if find_set(name).by_hand]


@pytest.fixture
def site():
    with server.serving(server.Site()) as site:
        yield site


def brought(tmp_path, files):
    paths = []
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        paths.append(tmp_path / name)
    return paths


@pytest.fixture
def prepare(mini, tmp_path, site):
    """Return what prepares a set from its archives in miniature."""

    def run(name: str) -> Path:
        said: list[str] = []
        files = archives_of(name, mini)
        if name in BY_HAND:
            options = {"archives": brought(tmp_path, files)}
            return get(find_set(name), tmp_path / "data", say=said.append, **options)
        site.files = files
        return get(from_site(name, site), tmp_path / "data", say=said.append)

    return run


@pytest.mark.parametrize("name", MAKE)
def test_a_set_as_published_is_ready_for_training(prepare, tmp_path, name):
    folder = prepare(name)
    published = find_set(name)
    dataset = load(folder)
    assert folder == tmp_path / "data" / published.folder
    assert dataset.layout == published.layout
    assert all(video.annotated for video in dataset)
    for video in dataset:
        for index in video.annotated:
            assert video.label(index).shape == video.frame(index).shape[:2]
    assert [path.name for path in (tmp_path / "data").iterdir()] == [published.folder]


def test_davis_2016_masks_with_alpha_and_without_an_object(prepare):
    bear = load(prepare("davis2016"), split="train")["bear"]
    assert [float(bear.label(index).mean()) for index in range(3)] == [0.25, 0.25, 0.0]


def test_davis_2017_palettes(prepare):
    assert load(prepare("davis2017"))["pigs"].label(0).mean() == 0.75


def test_fbms_both_conventions_and_numbers_that_are_no_positions(prepare):
    folder = prepare("fbms")
    coloured, grey = load(folder)["marple"], load(folder)["cars"]
    assert (coloured.annotated, grey.annotated) == ((2,), (1,))
    assert (coloured.label(2).mean(), grey.label(1).mean()) == (0.25, 1.0)
    assert [video.name for video in load(folder, split="test")] == ["cars"]


def test_segtrack_unions_and_its_stray_picture(prepare):
    dataset = load(prepare("segtrack"))
    assert [video.name for video in dataset] == ["bmx", "frog"]
    assert (dataset["bmx"].label(0).mean(), dataset["frog"].label(0).mean()) == (0.5, 0.25)


def test_duts_grey_edges(prepare):
    label = load(prepare("duts"), split="train")["TR"].label(0)
    assert label[0].tolist() == [0, 0, 0, 1, 1, 1] * 2


def test_davsod_comes_in_parts(prepare):
    dataset = load(prepare("davsod"), split="test")
    assert [(video.name, video.frame_names) for video in dataset] == [
        ("select_0012", ("0031", "0032"))
    ]


def test_a_part_that_is_brought_later_is_not_passed_over(prepare, tmp_path):
    folder = prepare("davsod")
    (tmp_path / "Normal-25.zip").write_bytes((tmp_path / "Easy-35.zip").read_bytes())
    with pytest.raises(DataError, match=r"was made without Normal-25\.zip; remove it"):
        get(find_set("davsod"), folder.parent, archives=[tmp_path / "Normal-25.zip"])
    assert get(find_set("davsod"), folder.parent, archives=[tmp_path / "Easy-35.zip"]) == folder


def test_a_list_that_a_person_adds_to_msra_b(prepare):
    folder = prepare("msra-b")
    (folder / "ImageSets").mkdir(exist_ok=True)
    (folder / "ImageSets/train.txt").write_text("0_1_1234.jpg\n")
    assert [image.name for image in load(folder, split="train")] == ["0_1_1234"]


def test_a_second_run_does_nothing(prepare, site, tmp_path):
    folder = prepare("davis2016")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    asked = len(site.requests)
    said: list[str] = []
    assert get(from_site("davis2016", site), tmp_path / "data", say=said.append) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert len(site.requests) == asked
    assert said == [f"{folder}: is there already, made from DAVIS-data.zip"]


def test_the_record_says_what_it_was_made_from(prepare):
    record = json.loads((prepare("fbms") / "rcr.json").read_text())
    assert record["data"] == "fbms"
    assert record["archives"] == ["FBMS_Trainingset.zip", "FBMS_Testset.zip"]


def test_what_is_said_names_licence_and_citation(mini, tmp_path, site):
    site.files = archives_of("davis2016", mini)
    said: list[str] = []
    get(from_site("davis2016", site), tmp_path, say=said.append)
    text = "\n".join(said)
    for words in ("2 videos (published: 50)", "CC BY-NC 4.0", "Perazzi", "davischallenge"):
        assert words in text


def test_a_folder_of_another_hand_is_left_alone(tmp_path, site):
    (tmp_path / "DAVIS2016").mkdir()
    (tmp_path / "DAVIS2016/mine.txt").write_text("mine")
    with pytest.raises(DataError, match="rcr data get did not make; check it with --verify"):
        get(from_site("davis2016", site), tmp_path)
    assert (tmp_path / "DAVIS2016/mine.txt").read_text() == "mine"
    assert site.requests == []


@pytest.mark.parametrize("name", BY_HAND)
def test_what_only_a_person_can_get(tmp_path, name):
    published = find_set(name)
    with pytest.raises(DataError, match="cannot be downloaded by a program") as raised:
        get(published, tmp_path)
    assert published.page in str(raised.value)
    assert published.archives[0].name in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_an_archive_that_is_not_the_published_one(mini, tmp_path):
    files = brought(tmp_path, archives_of("msra-b", mini))
    with pytest.raises(DataError, match=r"is not the published MSRA-B\.zip: has \d+ bytes"):
        get(find_set("msra-b"), tmp_path / "data", archives=files)


def test_an_archive_of_another_set(mini, tmp_path, site):
    site.files = {"DAVIS-data.zip": next(iter(archives_of("vos", mini).values()))}
    with pytest.raises(DataError, match=r"does not hold JPEGImages/480p and .*, but VOS"):
        get(from_site("davis2016", site), tmp_path / "data")
    assert not (tmp_path / "data/DAVIS2016").exists()


def test_a_file_of_another_name_where_there_are_several(tmp_path):
    (tmp_path / "x.zip").write_bytes(b"x")
    with pytest.raises(DataError, match=r"x\.zip: is none of the archives DUTS-TR\.zip"):
        get(find_set("duts"), tmp_path / "data", archives=[tmp_path / "x.zip"])


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match=r"VOS\.zip: not there"):
        get(find_set("vos"), tmp_path / "data", archives=[tmp_path / "VOS.zip"])


def test_a_dry_run_writes_and_asks_nothing(tmp_path, site):
    lines = list(plan(from_site("davis2016", site), tmp_path / "data"))
    assert lines[1] == f"  from {site.url('DAVIS-data.zip')}"
    assert any("are free" in line for line in lines)
    assert site.requests == []
    assert list(tmp_path.iterdir()) == []


def test_two_processes_do_not_write_one_set(mini, tmp_path, site):
    from rcrlib.lock import lock_or_raise

    site.files = archives_of("davis2016", mini)
    with (
        lock_or_raise(tmp_path / "downloads/.davis2016.lock"),
        pytest.raises(DataError, match="another rcr is at work"),
    ):
        get(from_site("davis2016", site), tmp_path)


def test_an_unknown_set_is_answered_with_those_that_there_are():
    with pytest.raises(OptionError, match="use one of davis2016, davis2017, fbms"):
        find_set("DAVIS")


def test_the_catalogue_is_whole():
    assert set(CATALOGUE) == set(MAKE)
    assert (len(TRAIN), len(VAL), sum(TRAIN.values()) + sum(VAL.values())) == (30, 20, 3455)
    for published in CATALOGUE.values():
        for words in (published.licence, published.citation, published.page, published.title):
            assert words
        for archive in published.archives:
            assert all(url.startswith("http") for url in archive.mirrors)
            assert all(c.split(":")[0] in ("md5", "sha256") for c in archive.checksums)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_set_has_a_short_script(name, monkeypatch, capsys):
    script = SCRIPTS / f"get_{name.replace('-', '_')}.py"
    source = script.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(source))
    assert len(source.splitlines()) < 15
    called: list[list[str]] = []
    monkeypatch.setattr("rcrlib.cli.main", called.append)
    monkeypatch.setattr(sys, "argv", [script.name, "--root", "here"])
    runpy.run_path(str(script), run_name="__main__")
    assert called == [["data", "get", name, "--root", "here"]]
