"""A mutant: a copy of the product with one small mistake that somebody could make by accident."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.simulation.history import Focus
from tests.simulation.syntax import changed_file

ROOT: Final = Path(__file__).resolve().parents[3]
PACKAGE: Final = ROOT / "layers" / "loyalty" / "python"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mistake in one function: `new` in place of `old`.

    `function` is the end of its dotted name. Code is compared as syntax trees (see `rewritten`),
    so it does not matter which module a function is in, or how it is formatted. A mutant that can
    no longer be made fails, and says why. `focus`: only histories with
    these can find it.
    """

    name: str
    function: str
    old: str
    new: str
    focus: Focus | None = None

    def apply(self, package: Path) -> None:
        """Make the mistake in a copy of the package.

        Raises:
            ValueError: the product has changed, and the code to change is not there.
        """
        path, changed = changed_file(
            PACKAGE / "loyalty", function=self.function, old=self.old, new=self.new
        )
        copied = package / path.relative_to(PACKAGE)
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_text(changed)
