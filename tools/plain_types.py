"""Let types that only describe dicts cost nothing when they are imported.

`pydantic_core.core_schema` declares 80 typed dicts with 613 keys for type checkers. Every cold
worker that answers HTTP would make each of them and compile the text of each annotation, and
nothing reads them there. In the layer they keep what they can do, which is to make a dict.
"""

from pathlib import Path
from typing import Final

from tools.bootstrap import Unprepared

MODULES: Final = ("pydantic_core/core_schema.py",)
IMPORT: Final = "    from typing import TypedDict\n"
PLAIN: Final = '''\
    class TypedDict:
        """Makes a dict, and declares nothing."""

        def __new__(cls, *pairs, **values):
            return dict(*pairs, **values)

        def __init_subclass__(cls, **options):
            pass

'''


def replace_all(packages: Path) -> None:
    """Replace the typed dicts of each such module that is installed in a folder.

    Raises:
        Unprepared: the module imports its typed dicts in another way.
    """
    for name in MODULES:
        file = packages / name
        if file.is_file():
            file.write_text(plain(file.read_text(encoding="utf-8")), encoding="utf-8")


def plain(source: str) -> str:
    """The source with classes that make a dict in place of its typed dicts."""
    if source.count(IMPORT) != 1:
        raise Unprepared("pydantic_core has changed: see how it imports TypedDict.")
    return source.replace(IMPORT, PLAIN)
