"""The clock that the functions of a local cloud go by, which can be moved while they are warm."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Clock:
    """Real time, but for the seconds that `file` holds. Only functions go by it: not the cloud."""

    file: Path

    def now(self) -> datetime:
        moved_by = float(self.file.read_text()) if self.file.exists() else 0
        return datetime.fromtimestamp(datetime.now(UTC).timestamp() + moved_by, UTC)

    def move_to(self, moment: datetime) -> None:
        """Go on from this moment. Forward: what a sweep has finished it does not look at again."""
        moved_by = (moment - datetime.now(UTC)).total_seconds()
        # Somebody may be reading it.
        unfinished = self.file.with_suffix(".tmp")
        unfinished.write_text(f"{moved_by:.6f}")
        unfinished.replace(self.file)

    def set_right(self) -> None:
        """Go by real time again."""
        self.file.unlink(missing_ok=True)
