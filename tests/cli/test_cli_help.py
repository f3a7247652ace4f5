"""What `rcr` says about itself."""

from __future__ import annotations

import click
import pytest

import rcrlib
from rcrlib.cli.main import app
from rcrlib.data import LAYOUTS
from rcrlib.flow import METHODS
from rcrlib.train import PRESETS


def pages(command: click.Command, words: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the words before `--help` of every page there is."""
    below = command.commands.items() if isinstance(command, click.Group) else ()
    return [words, *(page for name, one in below for page in pages(one, (*words, name)))]


PAGES = pages(app)
each_page = pytest.mark.parametrize("page", PAGES, ids=" ".join)


@pytest.fixture
def read(rcr, monkeypatch):
    """Return a help page as it looks in a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")

    def read(*words: str) -> str:
        ended = rcr(*words, "--help")
        assert (ended.status, ended.err) == (0, "")
        return ended.out

    return read


def test_every_command_is_there():
    assert {" ".join(page) for page in PAGES} >= {
        "demo", "data synth", "data get", "data label", "data show", "data check",
        "train image", "train fgplg", "train video",
        "pseudo-label", "predict", "weights import", "weights halve", "weights average",
        "weights export",
        "eval saliency", "eval segmentation", "eval pseudo-labels", "bench metrics",
        "course build", "course publish", "course slides", "course grade",
        "course export",
    }  # fmt: skip


@each_page
def test_a_page_fits_into_80_columns_and_explains_every_option(read, page):
    text = read(*page)
    assert max(len(line) for line in text.splitlines()) <= 80
    whole = text.replace("[ARGS]...", "").replace("DATA...", "").replace("SOURCE...", "")
    assert "..." not in whole  # nothing is cut off
    assert "--debug" in text
    command = app
    for word in page:
        command = command.commands[word]
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.opts[-1] in text
            assert parameter.help
        else:
            assert (
                parameter.metavar.removesuffix("...") in command.help
            )  # an argument is explained in the words


@pytest.mark.parametrize("page", ["", "train", "data", "weights"])
def test_a_group_without_a_command_shows_its_page(rcr, read, page):
    ended = rcr(*page.split())
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == read(*page.split())


def test_commands_stand_in_the_order_of_use(read):
    lines = read().split("Commands:")[1].splitlines()
    names = [line.split()[0] for line in lines if line.strip()]
    assert names == [
        "demo", "data", "train", "pseudo-label", "predict", "eval", "experiment", "weights",
        "bench", "course",
    ]  # fmt: skip


def test_the_pages_name_what_the_library_knows(read):
    """The command's modules do not import torch, so their help repeats some names."""
    text = " ".join(read("train", "fgplg").split())
    for name in (*LAYOUTS, *PRESETS, *(method.replace("FOLDER", "DIR") for method in METHODS)):
        assert name in text.replace("torchvision- raft", "torchvision-raft"), (
            f"rcrlib/cli/options.py does not name {name}"
        )


def test_the_version_is_printed(rcr):
    ended = rcr("--version")
    assert (ended.status, ended.out) == (0, f"rcrlib {rcrlib.__version__}\n")


def test_debug_shows_the_traceback_and_then_the_same_line(rcr):
    for arguments in (
        ("--debug", "data", "show", "nowhere"),
        ("data", "show", "nowhere", "--debug"),
    ):
        ended = rcr(*arguments)
        lines = ended.err.splitlines()
        assert ended.status == 2
        assert lines[0].startswith("Traceback")
        assert lines[-1].startswith("rcr: nowhere: not there")


def test_a_defect_of_ours_keeps_its_traceback(rcr, monkeypatch):
    """Only what a user can mend is said in one line."""

    def broken(*arguments, **options):
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr("rcrlib.data.load", broken)
    with pytest.raises(ZeroDivisionError):
        rcr("data", "show", "nowhere")
