"""`rcr data get`: the public data sets."""

from __future__ import annotations

from pathlib import Path

import click

from rcrlib.cli import options as o
from rcrlib.cli.command import Command
from rcrlib.errors import DataError, OptionError


@click.command(cls=Command)
@click.argument("name", metavar="[NAME]", required=False)
@o.option("Data", "--root out DIR", "Folder of all data sets.", default=Path("data"))
@o.option(
    "Data",
    "--archive archives FILE",
    "Use a file that you have; may be given several times.",
    multiple=True,
)
@o.option("Run", "--dry-run", "Say what would be done, and do nothing.")
@o.option("Run", "--verify", "Read what is there and compare it with what is published.")
@o.option("Run", "--keep", "Keep the downloaded archives in DIR/downloads.")
def get(
    name: str | None, out: Path, archives: tuple[Path, ...], dry_run: bool, verify: bool, keep: bool
) -> None:
    """Get a public data set, ready for training.

    [NAME] is one of those that the command lists without a name. A download that was stopped goes
    on where it was; a set that is there already is left alone.

    \b
      rcr data get davis2016 --root data
      rcr data get hku-is --archive HKU-IS.rar
    """
    from rcrlib.data import fetch

    if name is None:
        for line in _listing():
            click.echo(line)
        return
    published = fetch.find_set(name)
    if dry_run and verify:
        raise OptionError("--dry-run, --verify: give one of the two")
    if verify:
        _verify(published.name, out / published.folder)
    elif dry_run:
        for line in fetch.plan(published, out, archives):
            click.echo(line)
    else:
        fetch.get(published, out, archives=archives, keep=keep, say=click.echo)


def _verify(name: str, folder: Path) -> None:
    from rcrlib.data import fetch

    verified = fetch.verify(fetch.find_set(name), folder)
    for line in verified.lines():
        click.echo(line)
    if not verified.complete:
        raise DataError(f"{folder}: has {len(verified.problems)} problem(s), listed above")


def _listing() -> list[str]:
    from rcrlib.data.fetch import CATALOGUE

    width = max(len(name) for name in CATALOGUE)
    return [
        f"{each.name:{width}}  {each.title}; {each.counts.videos}"
        f" {'images' if each.layout == 'images' else 'videos'}; licence: {each.licence}"
        f"{'; by hand from ' + each.page if each.by_hand else ''}"
        for each in CATALOGUE.values()
    ]
