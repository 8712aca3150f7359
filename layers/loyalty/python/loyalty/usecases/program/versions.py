"""Versions of programs, as they are stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from loyalty.domain.program.document import PublishedProgram


class Superseded(Exception):
    """Another version was published since; nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedVersion:
    """A version as a list shows it: when, by whom and why it was published."""

    version: int
    published_at: datetime
    published_by: str | None
    note: str | None


class Programs(Protocol):
    """The programs of this deployment and all their versions."""

    def in_force(self, program_id: str) -> PublishedProgram | None:
        """The current version, read strongly; None for a program that was never published."""
        ...

    def publish(self, program: PublishedProgram) -> None:
        """Put a version in force if its predecessor is in force (for version 1: if there is none).

        Raises:
            Superseded: the version in force is not the predecessor.
        """
        ...
