"""Failures of the local cloud, worded so that a person can act on them."""

from pathlib import Path


class LocalCloudError(Exception):
    """One sentence for the person at the terminal, and the log with the details."""

    def __init__(self, sentence: str, *, log: Path | None = None) -> None:
        super().__init__(sentence)
        self.log = log
