"""The one family of errors that a user can mend.

Everything else that is raised is a defect of this library.
"""

from __future__ import annotations

import re
import signal

_MEMORY_FULL = re.compile("DefaultCPUAllocator|can't allocate memory|out of memory")


class RcrError(Exception):
    """A mistake that the user can mend.

    `str(error)` is one line for a person: it names the file or option, what was found, what was
    expected and what to do. The command line prints that line and exits with status 2.
    """


class DataError(RcrError):
    """A frame, mask, video or folder that cannot be used as it is."""


class WeightsError(RcrError):
    """A weights file that does not fit the network it is meant for."""


class StoppedError(RcrError):
    """A signal stopped the work; what was done is kept, and nothing is half written.

    Args:
        line: what a person is told.
        number: the signal's; Ctrl-C is SIGINT.
    """

    def __init__(self, line: str, number: int = signal.SIGINT) -> None:
        super().__init__(line)
        self.number = number

    @property
    def status(self) -> int:
        """The command's exit status: 128 and the signal's number, as shells have it; Ctrl-C: 2."""
        return 2 if self.number == signal.SIGINT else 128 + self.number


class OptionError(RcrError, ValueError):
    """An option out of its range, or two options that contradict each other."""


class DataWarning(UserWarning):
    """A frame, video or file that is used as far as it can be.

    `str(warning)` is one line for a person, as that of `RcrError`; the command line prints it.
    """


def first_few(names: list[str], limit: int = 5) -> str:
    """Return the first names of a list for a message, and how many more there are."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def is_memory_full(error: BaseException) -> bool:
    """Tell whether an error of Python's or PyTorch's, on CPU or GPU, says that memory is full."""
    return isinstance(error, MemoryError) or _MEMORY_FULL.search(str(error)) is not None
