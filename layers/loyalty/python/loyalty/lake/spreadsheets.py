"""CSV that spreadsheets open as what it is: text that would be run as a formula is kept from it.

An apostrophe before such a cell makes it text (OWASP, "CSV Injection"). Numbers are written as
numbers, so that a negative one stays one.
"""

import re
from typing import Final

# What Excel, LibreOffice and Google Sheets take for the beginning of a formula, in full width as
# well, and the blanks that they skip before one. Named one by one: what `\s` is differs by engine.
_BLANKS: Final = " \t\r\n\u00a0\u3000"
_FORMULA: Final = f"^[{_BLANKS}]*[=+@\uff1d\uff0b\uff0d\uff20-]|^[\t\r\n]"
_BEGINS_FORMULA: Final = re.compile(_FORMULA)


def as_text[T](cell: T) -> T | str:
    """A cell as a spreadsheet may have it."""
    if isinstance(cell, str) and _BEGINS_FORMULA.match(cell):
        return f"'{cell}"
    return cell


def as_text_sql(column: str) -> str:
    """The same for a column of text, as the engine of the reports does it."""
    return (
        f"CASE WHEN regexp_matches({column}, '{_FORMULA}') THEN '''' || {column} ELSE {column} END"
    )
