"""Keeps spreadsheets from running text in CSV as a formula.

An apostrophe before such a cell makes it text (OWASP, "CSV Injection"). Numbers are written as
numbers, so that a negative number stays a number.
"""

from __future__ import annotations

import re
from typing import Final

# Characters that begin a formula in Excel, LibreOffice and Google Sheets, also in full width, and
# the blanks that they skip before one. They are listed because `\s` differs by regex engine.
_BLANKS: Final = " \t\r\n\u00a0\u3000"
_FORMULA: Final = f"^[{_BLANKS}]*[=+@\uff1d\uff0b\uff0d\uff20-]|^[\t\r\n]"
_BEGINS_FORMULA: Final = re.compile(_FORMULA)


def as_text[T](cell: T) -> T | str:
    """A cell that no spreadsheet runs as a formula."""
    if isinstance(cell, str) and _BEGINS_FORMULA.match(cell):
        return f"'{cell}"
    return cell


def as_text_sql(column: str) -> str:
    """SQL that does the same for a column of text."""
    return (
        f"CASE WHEN regexp_matches({column}, '{_FORMULA}') THEN '''' || {column} ELSE {column} END"
    )
