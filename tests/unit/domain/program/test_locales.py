"""Locales: a text of the very locale comes first, then one of its language."""

import pytest

from loyalty.domain.program.locales import best_locale


@pytest.mark.parametrize(
    ("tags", "wished", "best"),
    [
        (["fr", "fr-CA"], "fr-CA", "fr-CA"),
        (["fr", "fr-CA"], "fr-BE", "fr"),
        (["fr-ca"], "FR-CA", "fr-ca"),
        (["fr-CA"], "fr", None),
        (["fr"], "de", None),
        (["fr"], None, None),
        ([], "fr", None),
    ],
)
def test_the_same_locale_comes_before_its_language(
    tags: list[str], wished: str | None, best: str | None
) -> None:
    assert best_locale(tags, wished) == best
