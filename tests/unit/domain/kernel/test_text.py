"""Text that people write has no invisible characters."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from loyalty.domain.kernel.fields import Label
from loyalty.domain.kernel.text import as_line, as_lines, is_line, is_lines, name_in_mail

LINE_BREAKS_AND_TABS = "\n\r\t"


@pytest.mark.parametrize(
    "character", ["\0", "\x1b", "\x7f", "\x85", "\n", "\u2028", "\u202e", "\u2066", "\ufeff"]
)
def test_a_line_refuses_invisible_characters(character: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Label).validate_python(f"An{character}a")

    assert [each["type"] for each in refused.value.errors()] == ["unprintable_text"]


@pytest.mark.parametrize("text", ["Ana", "محمد\u200f", "می\u200cروم", "👩\u200d👧", "Ő\u0301"])
def test_characters_that_names_need_are_allowed(text: str) -> None:
    assert TypeAdapter(Label).validate_python(text) == text


@given(st.text())
def test_a_text_made_into_a_line_is_one_and_a_line_stays_as_it_is(text: str) -> None:
    line = as_line(text)

    assert is_line(line)
    assert as_line(line) == line
    if is_line(text):
        assert line == " ".join(text.split())


@given(st.text())
def test_lines_lose_only_invisible_characters(text: str) -> None:
    lines = as_lines(text)

    assert is_lines(lines)
    assert lines == text or not is_lines(text)
    assert [each for each in lines if each in LINE_BREAKS_AND_TABS] == [
        each for each in text if each in LINE_BREAKS_AND_TABS
    ]


@given(st.text())
def test_a_name_in_a_mail_holds_no_digit_and_nothing_that_becomes_a_link(text: str) -> None:
    name = name_in_mail(text)

    assert name in ("", text)
    assert is_line(name)
    assert not any(unicodedata.category(each).startswith("N") for each in name)
    assert not any(mark in name for mark in (":", "/", "@", "<", "\\", "#"))
