"""The other end of a submission's process: limits, and functions that are called over there."""

from __future__ import annotations

import base64
import json
import os
import pickle
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rcrlib.course.checking import STRICT
from rcrlib.course.grading.values import MOST, decode


@dataclass(frozen=True)
class Limits:
    """What a submission may take."""

    cell: float = 120.0
    """Seconds for a cell that runs."""

    call: float = 20.0
    """Seconds for one call of an exercise's function."""

    megabytes: int = 4000
    """Of the process's memory."""


class Ended(BaseException):
    """The submission's process is gone: it took too long or too much memory, or ended itself.

    Not an `Exception`: a check takes those for the student's and goes on.
    """


class Crashed(Exception):
    """A function raised over there."""

    def __init__(self, kind: str, text: str, line: str) -> None:
        super().__init__(f"{kind}: {text}" + (f" (line {line})" if line else ""))
        self.kind, self.text = kind, text


class Submission:
    """A process that holds a submission's cells, as long as the `with` block lasts.

    Args:
        folder: the only one it may write into.
        limits: what it may take.
        seed: of what its functions draw by chance.
    """

    def __init__(self, folder: Path, limits: Limits, seed: int) -> None:
        self._limits, self._seed, self._rest = limits, seed, b""
        ours, theirs = os.pipe(), os.pipe()  # orders go out, answers come in
        home = {"HOME": str(folder), "TMPDIR": str(folder), "IPYTHONDIR": str(folder / ".ipython")}
        outside = {name: value for name, value in os.environ.items() if name != STRICT}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rcrlib.course.grading.child", str(folder), str(ours[0]),
             str(theirs[1])],
            pass_fds=(ours[0], theirs[1]),
            env={**outside, **home, "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        os.close(ours[0])
        os.close(theirs[1])
        self._orders, self._answers = ours[1], theirs[0]

    def __enter__(self) -> Submission:
        self._answer(120.0)  # importing takes seconds, and longer where much is graded at once
        return self

    def __exit__(self, *_: object) -> None:
        self._kill()
        os.close(self._orders)
        os.close(self._answers)

    def run(self, cell: str) -> str | None:
        """Run a cell; return what it raised, in a line, or None.

        Raises:
            Ended: it took too long or too much.
        """
        error = self._ask({"do": "run", "text": cell}, self._limits.cell).get("error")
        return None if error is None else str(error)

    def call(self, name: str, arguments: tuple[Any, ...]) -> Any:
        """Call a function of the notebook and give its answer.

        Raises:
            Ended: it took too long or too much.
            Crashed: it raised.
            NameError: there is no such function.
        """
        packed = base64.b64encode(pickle.dumps(arguments)).decode()
        order = {"do": "call", "name": name, "arguments": packed, "seed": self._seed}
        answer = self._ask(order, self._limits.call)
        if answer.get("missing"):
            raise NameError(f"the notebook has no {name}")
        if "crash" in answer:
            kind, text, line = (str(part) for part in answer["crash"])
            raise Crashed(kind, text, line)
        try:
            return decode(answer["answer"])
        except (KeyError, TypeError, ValueError) as error:
            raise Ended(f"an answer that could not be read: {error}") from error

    def _ask(self, order: dict[str, Any], seconds: float) -> dict[str, Any]:
        try:
            data = json.dumps(order).encode() + b"\n"
            while data:
                data = data[os.write(self._orders, data) :]
        except OSError as error:
            raise Ended("the notebook ended its process") from error
        return self._answer(seconds)

    def _answer(self, seconds: float) -> dict[str, Any]:
        """Wait for a line of the other side, and watch its time and memory meanwhile."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self._rest:
            if time.monotonic() > deadline:
                self._end(f"took longer than {seconds:.0f} s")
            if self._memory() > self._limits.megabytes:
                self._end(f"took more than {self._limits.megabytes} MB of memory")
            if len(self._rest) > MOST:
                self._end("gave an answer that is too large")
            ready, _, _ = select.select([self._answers], [], [], 0.05)
            if ready:
                part = os.read(self._answers, 2**16)
                if not part:
                    self._end("ended its process")
                self._rest += part
        line, self._rest = self._rest.split(b"\n", 1)
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            self._end("wrote into the grading's channel")
        return dict(answer)

    def _end(self, what: str) -> None:
        self._kill()
        raise Ended(f"the notebook {what}")

    def _kill(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _memory(self) -> int:
        """Return the process's memory in MB; 0 where the system does not say."""
        file = Path(f"/proc/{self._process.pid}/statm")
        try:
            pages = int(file.read_text().split()[1])
        except (OSError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE") // 10**6
