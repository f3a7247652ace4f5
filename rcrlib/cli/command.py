"""Help pages and one-line errors of the commands of `rcr`."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any

import click

from rcrlib.errors import RcrError, StoppedError, is_memory_full
from rcrlib.signals import signal_name, signal_of

COURSE_MODULES = ("IPython", "jupytext", "nbclient", "nbconvert", "nbformat", "traitlets")
"""Modules of the extra `course`, which not everyone installs."""


class Option(click.Option):
    """An option that stands in a section of its command's help page."""

    def __init__(self, *names: Any, section: str = "General", **settings: Any) -> None:
        super().__init__(*names, **settings)
        self.section = section


class Command(click.Command):
    """A command whose help page has sections, and whose errors that a user can mend are `RcrError`.

    It takes `--debug` beside its own options.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params.append(_debug_option())

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, section by section, with their explanations in one column."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                name = getattr(parameter, "section", "General")
                sections.setdefault(name, []).append(record)
        width = max(len(names) for rows in sections.values() for names, _ in rows)
        for name, rows in sections.items():
            with formatter.section(name):
                formatter.write_dl([(names.ljust(width), text) for names, text in rows], width)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what the system or the user's hand stops becomes an `RcrError` too."""
        try:
            return super().invoke(ctx)
        except RcrError:
            raise
        except (Exception, KeyboardInterrupt) as error:
            line = explain(error, ctx.params)
            if line is None:
                raise
            if isinstance(error, KeyboardInterrupt):
                raise StoppedError(line, signal_of(error)) from error
            raise RcrError(line) from error


class Group(click.Group):
    """Commands in the order in which they were added; without one, the help page is shown."""

    command_class = Command
    group_class = type

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params.append(_debug_option())

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names as they were added; click would sort them."""
        return list(self.commands)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Show the help page where no arguments are given."""
        return super().parse_args(ctx, args or ["--help"])


def explain(error: BaseException, given: Mapping[str, Any]) -> str | None:
    """Return one line about an error of the system, of missing packages, or about a signal.

    None for anything else, which is a defect of ours and deserves its traceback.

    Args:
        error: what was raised.
        given: the command's options and their values: they name what the system leaves unnamed.
    """
    text = str(error)
    out = given.get("out") or "the output"
    if isinstance(error, KeyboardInterrupt):
        kept = "--resume goes on" if "resume" in given else "run the command again"
        cause = signal_name(signal_of(error))
        return f"{out}: stopped by {cause}, and nothing is half written; {kept}"
    if isinstance(error, ModuleNotFoundError) and error.name in COURSE_MODULES:
        return f"{error.name} is not installed, and notebooks need it: pip install 'rcrlib[course]'"
    if is_memory_full(error):
        smaller = [f"a smaller --{name}" for name in ("batch", "clip", "size") if name in given]
        elsewhere = ["--device cpu"] if "CUDA" in text else ["a machine with more of it"]
        return f"the memory is full; try {' or '.join(smaller + elsewhere)}"
    if isinstance(error, OSError) and error.strerror and error.filename:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        remedy = "free some space and run again" if full else "check the path and its permissions"
        return f"{error.filename}: {error.strerror}; {remedy}"
    return None


def usage(error: click.ClickException) -> str:
    """Return what is wrong with a command line, and where its options are listed."""
    context = getattr(error, "ctx", None)
    page = f"{context.command_path if context else 'rcr'} --help"
    return f"{' '.join(error.format_message().split()).rstrip('.')}; see {page}"


def _debug_option() -> Option:
    """Return the option `--debug`; `rcrlib.cli.main` looks for it before anything is parsed."""
    return Option(
        ["--debug"], is_flag=True, expose_value=False, help="Show the traceback of an error."
    )
