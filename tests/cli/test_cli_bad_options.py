"""Options that are unknown or out of range, and outputs that are taken."""

from __future__ import annotations

import sys

import pytest

from rcrlib.data import LAYOUTS
from rcrlib.flow import METHODS
from rcrlib.train import PRESETS

RUN = ("--preset", "smallest", "-o", "run", "--steps", 2, "--batch", 2)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("demo --stepz 3", ("No such option", "--stepz", "--steps", "rcr demo --help")),
        ("--stepz", ("No such option", "--stepz", "rcr --help")),
        ("dream", ("No such command", "dream", "rcr --help")),
        ("train sound x", ("No such command", "sound", "rcr train --help")),
        ("train image", ("Missing argument", "DATA", "rcr train image --help")),
        ("train image set", ("Missing option", "--out", "rcr train image --help")),
        ("predict set", ("Missing option", "--out", "rcr predict --help")),
        ("demo --preset", ("--preset", "requires an argument", "--help")),
        ("demo --steps many", ("--steps", "'many'", "integer", "rcr demo --help")),
        ("demo --lr 1", ("No such option", "--lr")),
        ("data show a b", ("unexpected extra argument", "b", "rcr data show --help")),
    ],
)
def test_a_command_line_that_cannot_be_understood_is_answered_with_the_help_page(
    refused, line, says
):
    refused(*line.split(), says=says)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--preset", "huge"), ("preset 'huge'", *PRESETS)),
        (("--layout", "kitti"), ("layout='kitti'", "auto", *LAYOUTS)),
        (("--device", "tpu"), ("device 'tpu'", "auto, cpu, cuda, cuda:N or mps")),
        (("--device", "meta"), ("device 'meta'", "auto, cpu, cuda, cuda:N or mps")),
        (("--device", "cuda:99"), ("device 'cuda:99'", "GPU")),
        (("--precision", "8"), ("precision '8'", "auto, 32, bf16, 16")),
        (("--precision", "16", "--device", "cpu"), ("precision '16'", "use 32 or bf16 on a CPU")),
        (("--steps", 0), ("steps is 0", "at least 1")),
        (("--batch", 0), ("batch is 0", "at least 1")),
        (("--lr", 0), ("lr is 0", "above 0")),
        (("--lr", "nan"), ("lr is nan", "above 0")),
        (("--workers", -1), ("workers is -1", "at least 0")),
        (("--checkpoint-every", 0), ("checkpoint_every is 0", "at least 1")),
    ],
)
def test_training_refuses_options_that_are_unknown_or_out_of_range(
    refused, synthetic, options, says
):
    refused("train", "image", synthetic, *RUN, *options, says=says)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--flow", "magic"), ("flow method 'magic'", *METHODS)),
        (("--flow", "precomputed:nowhere"), ("nowhere", "no such folder")),
        (("--flow", "dis", "--flow-checkpoint", "x.pth"), ("'dis' has no weights", "x.pth")),
        (("--flow-cache", "taken"), ("taken", "name a folder")),
        (("--inputs", "sound"), ("inputs='sound'", "'rgb+labels+flow'")),
        (("--variant", "mine"), ("variant='mine'", "'paper', 'official'")),
    ],
)
def test_train_fgplg_refuses_unknown_options(refused, synthetic, tmp_path, options, says):
    (tmp_path / "taken").write_text("a file")
    refused("train", "fgplg", synthetic, *RUN, "--device", "cpu", *options, says=says)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--clip", 0), ("clip is 0", "at least 1")),
        (("--clip", 4, "--overlap", 4), ("overlap is 4", "0 to 3")),
        (("--size", 3), ("size is 3", "at least 16")),
        (("--size", 0), ("size is 0", "at least 16")),
        (("--device", "tpu"), ("device 'tpu'", "use auto, cpu")),
    ],
)
def test_predict_refuses_options_out_of_range(refused, trained, options, says):
    weights = ("--weights", trained.weights("video"))
    refused("predict", trained.data, *weights, "-o", "maps", *options, says=says)


def test_pseudo_label_refuses_unknown_options(refused, trained):
    generator = ("--fgplg", trained.weights("fgplg"), "-o", "labels")
    says = ("unit='hours'", "'annotated' or 'frames'")
    refused("pseudo-label", trained.data, *generator, "--unit", "hours", says=says)


def test_pseudo_label_refuses_a_size_out_of_range(refused, trained):
    generator = ("--fgplg", trained.weights("fgplg"), "-o", "labels")
    says = ("size is -8", "at least 16")
    refused("pseudo-label", trained.data, *generator, "--size", -8, says=says)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--preset", "huge"), ("preset 'huge'",)),
        (("--steps", "0/9/9"), ("steps is 0",)),
        (("-m", 0), ("m=0", "at least 1")),
        (("--generator", "other"), ("generator 'other'", "residual or paper")),
        (("--images", "nowhere"), ("nowhere", "not there")),
        (("--flow", "magic"), ("flow method 'magic'",)),
        (("--device", "tpu"), ("device 'tpu'",)),
        (("--precision", "8"), ("precision '8'",)),
    ],
)
def test_an_option_of_the_demo_is_checked_before_anything_is_written(refused, options, says):
    refused("demo", *options, says=says)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--videos", 0), ("videos is 0", "at least 1")),
        (("--val", 16), ("val", "16", "0 to 15")),
        (("--height", 2), ("size is (2, 256)", "at least 16x16")),
        (("--seed", -1), ("seed is -1", "0 or more")),
    ],
)
def test_synth_refuses_options_out_of_range(refused, options, says):
    refused("data", "synth", "out", *options, says=says)


@pytest.mark.parametrize("line", ["course build", "course grade . -o grades"])
def test_the_courses_packages_are_named_where_they_are_missing(refused, monkeypatch, line):
    for name in [name for name in sys.modules if name.startswith("rcrlib.course")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "nbformat", None)
    refused(*line.split(), says=("nbformat is not installed", "pip install 'rcrlib[course]'"))


def test_show_refuses_no_videos_and_other_pictures_than_png(refused, synthetic):
    refused("data", "show", synthetic, "--videos", 0, says=["videos=0", "at least 1"])
    refused("data", "show", synthetic, "-o", "sheet.bmp", says=["sheet.bmp", ".png", "rename it"])
    refused("data", "show", synthetic, "-o", ".", says=["a folder is in the way"])


def outputs(trained):
    """Return every command that writes, less its output."""
    data, weights = trained.data, trained.weights
    return [
        ("data", "synth"),
        ("train", "image", data, "--device", "cpu", "-o"),
        ("train", "fgplg", data, "--device", "cpu", "-o"),
        ("train", "video", data, "--device", "cpu", "-o"),
        ("pseudo-label", data, "--fgplg", weights("fgplg"), "-o"),
        ("predict", data, "--weights", weights("video"), "-o"),
        ("demo", "--data", data, "-o"),
    ]


def test_nothing_is_overwritten_without_force(refused, trained, tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/rcr.json").write_text("{}")
    for command in outputs(trained):
        says = ("taken", "exists and is not empty", "name another folder or give --force")
        refused(*command, "taken", says=says)
    (tmp_path / "taken.png").write_text("a picture")
    says = ("taken.png", "exists", "--force")
    refused("data", "show", trained.data, "-o", "taken.png", says=says)
    (tmp_path / "taken.safetensors").write_text("weights")
    says = ("taken.safetensors", "exists", "--force")
    refused("weights", "import", trained.weights("image"), "taken.safetensors", says=says)
    (tmp_path / "taken.pt2").write_text("a program")
    says = ("taken.pt2", "exists", "--force")
    refused("weights", "export", trained.weights("image"), "-o", "taken.pt2", says=says)


def test_force_never_replaces_what_rcr_did_not_write(refused, trained, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.tex").write_text("a year's work")
    for command in outputs(trained):
        says = ("mine", "was not written by rcr", "rcr.json", "remove it yourself")
        refused(*command, "mine", "--force", says=says)


def test_force_never_takes_one_kind_of_folder_for_another(refused, trained, tmp_path):
    """A training run into a folder of, say, a data set would leave a mixture of both."""
    (tmp_path / "set").mkdir()
    (tmp_path / "set/rcr.json").write_text('{"made by": "rcrlib.data.synthetic"}')
    train = ("train", "image", trained.data, "--device", "cpu", "-o", "set", "--force")
    refused(*train, says=["set/rcr.json", "not that of a training run", "name another folder"])


def test_a_file_in_the_place_of_the_output_is_refused(refused, trained, tmp_path):
    (tmp_path / "file").write_text("a file")
    for command in outputs(trained):
        refused(*command, "file", says=["file", "in the way", "name another folder"])
        refused(*command, "file/below", says=["file"])


def test_resuming_with_other_settings_is_refused(refused, rcr, trained):
    train = ("train", "image", trained.data, *RUN, "--device", "cpu")
    assert rcr(*train).status == 0
    refused(*train, says=["run", "exists and is not empty", "--resume"])
    says = ("run", "other settings", "seed: 0 -> 1", "resume with the same ones", "--force")
    refused(*train, "--seed", 1, "--resume", says=says)
