"""The output of `make run`: one line for each step, with its outcome and its time."""

import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.logs import errors_in

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_FRAME_SECONDS = 0.1
_TITLE_COLUMNS = 33


class Line:
    """A line that is still being written; `detail` may change as the work proceeds."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.detail = ""

    def report(self, detail: str) -> None:
        self.detail = detail


class Console:
    """Writes lines to standard output; on a terminal the current line is animated."""

    def __init__(self) -> None:
        self._is_terminal = sys.stdout.isatty()
        self._is_colored = self._is_terminal and "NO_COLOR" not in os.environ

    def say(self, text: str = "") -> None:
        print(text, flush=True)

    def heading(self, text: str) -> None:
        self.say(f"\n{self._paint(text, '1')}\n")

    def fail(self, cause: str, *, log: Path | None) -> None:
        self.say(f"\n{self._paint(cause, '31')}")
        if log is not None:
            for line in errors_in(log):
                self.say(f"\n{line}")
            self.say(f"\nThe log is {log}")

    @contextmanager
    def line(self, title: str) -> Iterator[Line]:
        """Show `title` while the body runs, then its outcome and how long it took."""
        line = Line(title)
        started = time.monotonic()
        finished = threading.Event()
        ticker = threading.Thread(target=self._tick, args=(line, started, finished), daemon=True)
        if self._is_terminal:
            ticker.start()
        mark = self._paint("✗", "31")
        try:
            yield line
            mark = self._paint("✓", "32")
        finally:
            finished.set()
            if self._is_terminal:
                ticker.join()
            self._write(mark, line, time.monotonic() - started, end="\n")

    def _tick(self, line: Line, started: float, finished: threading.Event) -> None:
        frame = 0
        while not finished.wait(_FRAME_SECONDS):
            mark = self._paint(_FRAMES[frame % len(_FRAMES)], "36")
            self._write(mark, line, time.monotonic() - started, end="")
            frame += 1

    def _write(self, mark: str, line: Line, seconds: float, *, end: str) -> None:
        title = f"{line.title:<{_TITLE_COLUMNS}} {seconds:5.1f} s"
        # A line that wraps cannot be redrawn.
        room = shutil.get_terminal_size().columns - len(f"  ✓ {title}   ")
        shown = line.detail if end else line.detail[: max(0, room)]
        start = "\r\x1b[K" if self._is_terminal else ""
        detail = f"   {self._paint(shown, '2')}" if shown else ""
        print(f"{start}  {mark} {title}{detail}", end=end, flush=True)

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._is_colored else text
