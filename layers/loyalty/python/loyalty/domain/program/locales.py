"""Choosing among texts of several locales, which are named by BCP 47 tags."""

from __future__ import annotations

from collections.abc import Iterable


def best_locale(tags: Iterable[str], wished: str | None) -> str | None:
    """The tag that fits a locale: the same one, or else that of its language; None: neither.

    Tags ignore case.
    """
    if wished is None:
        return None
    by_name = {tag.lower(): tag for tag in tags}
    language = wished.partition("-")[0].lower()
    return by_name.get(wished.lower()) or by_name.get(language)
