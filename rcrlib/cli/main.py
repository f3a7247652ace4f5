"""The command `rcr` and how it ends: status 0, or one line for a person and status 2.

What SIGTERM or SIGHUP stopped ends with that line and 128 + the signal's number, as in shells.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn, TextIO

import click

from rcrlib import __version__
from rcrlib.cli.bench import bench
from rcrlib.cli.command import Group, usage
from rcrlib.cli.course import course
from rcrlib.cli.data import data
from rcrlib.cli.eval import evaluate
from rcrlib.cli.experiment import experiment
from rcrlib.cli.run import demo, predict, pseudo_label, weights
from rcrlib.cli.train import train
from rcrlib.errors import DataWarning, RcrError, StoppedError
from rcrlib.signals import raise_signals, signal_name, signal_of

SETTINGS = {"show_default": True, "help_option_names": ["-h", "--help"]}


@click.group(cls=Group, context_settings=SETTINGS)
@click.version_option(__version__, prog_name="rcrlib", message="%(prog)s %(version)s")
def app() -> None:
    """Saliency maps of videos, learned from few labelled frames.

    Yan et al., Semi-Supervised Video Salient Object Detection Using Pseudo-Labels, ICCV 2019.
    """


COMMANDS = (
    demo, data, train, pseudo_label, predict, evaluate, experiment, weights, bench, course
)  # fmt: skip
for command in COMMANDS:
    app.add_command(command)


def main(arguments: list[str] | None = None) -> None:
    """Run `rcr`; an error that a user can mend ends the process with one line and status 2.

    Args:
        arguments: the command line without the command's own name; None takes that of the process.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    with raise_signals():
        _run(given, debug)


def _run(given: list[str], debug: bool) -> None:
    """Run the command; whatever a user can mend ends in one line."""
    try:
        _prepare(debug)
        with _warnings_as_lines(), app.make_context("rcr", given) as context:
            app.invoke(context)
    except click.exceptions.Exit as end:  # --help and --version
        sys.exit(end.exit_code)
    except click.ClickException as error:
        _end(usage(error), debug)
    except BrokenPipeError:  # what reads our output has enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except StoppedError as error:
        _end(str(error), debug, error.status)
    except RcrError as error:
        _end(str(error), debug)
    except KeyboardInterrupt as interrupt:  # before a command has begun
        number = signal_of(interrupt)
        _end(f"stopped by {signal_name(number)}", debug, StoppedError("", number).status)


def _prepare(debug: bool) -> None:
    """Set what other libraries print and how they wait."""
    # Threads that wait without spinning: on a shared machine training is twice as fast with them.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    for stream in (sys.stdout, sys.stderr):
        _write_anything(stream)
    if not debug:  # OpenCV, FFmpeg, Matplotlib and Pillow would print lines beside ours
        logging.getLogger("matplotlib").setLevel(logging.ERROR)
        warnings.filterwarnings("ignore", module="PIL")
        os.environ.setdefault("OPENCV_LOG_LEVEL", "OFF")
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


def _write_anything(stream: object) -> None:
    """Let a stream escape what its encoding lacks: on Windows, files and pipes have cp1252."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


@contextmanager
def _warnings_as_lines() -> Iterator[None]:
    """Print each `DataWarning` once, as a line of this command; other warnings as ever."""

    def show(
        message: Warning | str, category: type[Warning], filename: str, lineno: int,
        file: TextIO | None = None, line: str | None = None,
    ) -> None:  # fmt: skip
        if issubclass(category, DataWarning):
            click.echo(f"rcr: {' '.join(str(message).splitlines())}", err=True)
        else:
            usual(message, category, filename, lineno, file, line)

    with warnings.catch_warnings():
        warnings.simplefilter("once", DataWarning)
        usual, warnings.showwarning = warnings.showwarning, show
        yield


def _end(line: str, debug: bool, status: int = 2) -> NoReturn:
    """Print the line, after the traceback where it is wanted, and end the process."""
    if debug:
        traceback.print_exc()
    click.echo(f"rcr: {' '.join(line.splitlines())}", err=True)
    sys.exit(status)
