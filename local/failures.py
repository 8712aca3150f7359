"""What can go wrong on the way up, said so that a person can act on it."""

from pathlib import Path


class LocalCloudError(Exception):
    """One sentence for the person at the terminal, and where to read on."""

    def __init__(self, sentence: str, *, log: Path | None = None) -> None:
        super().__init__(sentence)
        self.log = log
