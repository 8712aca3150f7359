"""The clock of a local cloud's functions. It can be moved while they are warm."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Clock:
    """Real time, shifted by the seconds in `file`. Only functions use it, not the cloud itself."""

    file: Path

    def now(self) -> datetime:
        moved_by = float(self.file.read_text()) if self.file.exists() else 0
        return datetime.fromtimestamp(datetime.now(UTC).timestamp() + moved_by, UTC)

    def move_to(self, moment: datetime) -> None:
        """Continue from this moment. It must be later: sweeps do not repeat finished days."""
        moved_by = (moment - datetime.now(UTC)).total_seconds()
        # A function may be reading it.
        unfinished = self.file.with_suffix(".tmp")
        unfinished.write_text(f"{moved_by:.6f}")
        unfinished.replace(self.file)

    def set_right(self) -> None:
        """Return to real time."""
        self.file.unlink(missing_ok=True)
