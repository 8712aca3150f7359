"""Text that people write: which characters it may have, and which names may go into a mail."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

NAME_IN_MAIL_CHARACTERS_MAX: Final = 60

# Control characters, line and paragraph separators, embeddings, overrides and isolates that change
# the direction of the following text, the byte order mark, surrogates and noncharacters. Direction
# marks and joiners are allowed: names in Hebrew, Arabic and Persian need them, and so do emoji.
_UNPRINTABLE: Final = (
    r"\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff"
)
_NOT_IN_A_LINE: Final = re.compile(f"[{_UNPRINTABLE}]")
_NOT_IN_LINES: Final = re.compile(rf"(?![\n\r\t])[{_UNPRINTABLE}]")
_MARKS_OF_NAMES: Final = " .,'\u2019-\u2010\u00b7\u200c\u200d"
_LINK: Final = re.compile(r"\.\w")


def is_line(text: str) -> bool:
    """Whether a text is one line without invisible characters."""
    return _NOT_IN_A_LINE.search(text) is None


def is_lines(text: str) -> bool:
    """Whether a text, of one line or several, has no invisible characters."""
    return _NOT_IN_LINES.search(text) is None


def as_line(text: str) -> str:
    """The text as one line: invisible characters become spaces, and spaces do not repeat."""
    return " ".join(_NOT_IN_A_LINE.sub(" ", text).split())


def as_lines(text: str) -> str:
    """The text without invisible characters; its lines stay."""
    return _NOT_IN_LINES.sub("", text)


def name_in_mail(name: str | None) -> str:
    """A person's name for the greeting of a mail; empty if it may be more than a name.

    In a shop, anybody can enter any text as their name, with anybody's address. So a name may
    have letters, spaces and the marks that names have, but no digit, and nothing that a mail
    program turns into a link.
    """
    if not name or len(name) > NAME_IN_MAIL_CHARACTERS_MAX or _LINK.search(name):
        return ""
    return name if all(_is_of_a_name(character) for character in name) else ""


def _is_of_a_name(character: str) -> bool:
    return (
        unicodedata.category(character)[0] in "LM"
        or character in " .,'\u2019-\u2010\u00b7\u200c\u200d"
    )
