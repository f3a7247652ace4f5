"""The command `rcr`: thin, one function call per command."""

from rcrlib.cli.main import main

__all__ = ["main"]
