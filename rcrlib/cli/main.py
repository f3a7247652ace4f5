"""The command `rcr` and how its errors look: one line for a person, exit status 2."""

from __future__ import annotations

import errno
import sys

import click
import typer

from rcrlib import __version__
from rcrlib.cli.data import app as data_app
from rcrlib.cli.run import demo, import_weights, predict, pseudo_label
from rcrlib.cli.train import app as train_app
from rcrlib.errors import RcrError

app = typer.Typer(
    name="rcr",
    help="Semi-supervised video salient object detection with pseudo-labels.",
    epilog="Every command takes --debug, which shows the traceback of an error.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
weights_app = typer.Typer(help="Weights files.", no_args_is_help=True)
weights_app.command("import")(import_weights)

app.command()(demo)
app.add_typer(data_app, name="data")
app.add_typer(train_app, name="train")
app.command("pseudo-label")(pseudo_label)
app.command()(predict)
app.add_typer(weights_app, name="weights")


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Show the version.")) -> None:
    if version:
        typer.echo(f"rcrlib {__version__}")
        raise typer.Exit


def main(arguments: list[str] | None = None) -> None:
    """Run `rcr` and end the process: 0 when all went well, 2 after an error that a user can mend."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    try:
        sys.exit(app([a for a in given if a != "--debug"], prog_name="rcr", standalone_mode=False))
    except click.exceptions.Abort:
        _end("stopped; what was being written has been removed")
    except click.ClickException as error:
        if debug:
            raise
        error.show()
        sys.exit(2)
    except (RcrError, KeyboardInterrupt, OSError, RuntimeError) as error:
        line = _line(error)
        if debug or line is None:
            raise
        _end(line)


def _line(error: BaseException) -> str | None:
    """Say an error in one line; None when it is a defect of ours, which deserves its traceback."""
    if isinstance(error, RcrError):
        return str(error)
    if isinstance(error, KeyboardInterrupt):
        return "stopped; what was being written has been removed"
    if type(error).__name__ == "OutOfMemoryError":
        return "the GPU's memory is full; use a smaller --batch or --size, or --device cpu"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{error.filename or 'the output'}: the disk is full; free some space and try again"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'a file'}: {error.strerror}; check the path and its permissions"
    return None


def _end(line: str) -> None:
    typer.echo(f"rcr: {line}", err=True)
    sys.exit(2)
