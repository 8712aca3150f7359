"""Pages of mails' links: in the member's language, with the program's name, color and scale."""

import string
from dataclasses import fields

import pytest

from loyalty.edge.mail.pages import (
    question_page,
    thanks_page,
    unsubscribe_page,
    unsubscribed_page,
)
from loyalty.edge.mail.phrases import PHRASES
from tests.support.documents import program

PROGRAM = program(
    name="Bean & Leaf",
    points={
        "one": "bean",
        "many": "beans",
        "translations": {"fr": {"one": "grain", "many": "grains"}},
    },
    messages={"locale": "de", "look": {"color": "#FFE08A"}},
    surveys=[{"id": "visit", "kind": "csat", "question": "Ça va ?"}],
)
SURVEY = PROGRAM.surveys[0]


@pytest.mark.parametrize(
    ("locale", "language", "button"),
    [
        ("fr-CA", "fr", "Se désabonner"),
        ("FR", "fr", "Se désabonner"),
        (None, "de", "Abmelden"),
        ("ja-JP", "de", "Abmelden"),
    ],
)
def test_a_page_is_in_the_members_language_or_else_the_programs(
    locale: str | None, language: str, button: str
) -> None:
    page = unsubscribe_page(PROGRAM, locale=locale)

    assert f'<html lang="{language}">' in page
    assert f"<button>{button}</button>" in page


def test_a_page_is_english_where_neither_language_has_words() -> None:
    japanese = program(messages={"locale": "ja"})

    assert '<html lang="en">' in unsubscribe_page(japanese, locale="sv")


@pytest.mark.parametrize("locale", PHRASES)
def test_every_page_shows_the_programs_name_escaped_and_its_color(locale: str) -> None:
    pages = (
        unsubscribe_page(PROGRAM, locale=locale),
        unsubscribed_page(PROGRAM, locale=locale),
        question_page(SURVEY, PROGRAM, locale=locale),
        thanks_page(PROGRAM, locale=locale),
    )

    for page in pages:
        assert '<p class="program">Bean &amp; Leaf</p>' in page
        assert "Bean & Leaf" not in page
        assert "color:#1A1A1A;\nbackground:#FFE08A" in page


def test_points_have_the_name_of_the_members_language() -> None:
    assert "vos grains." in unsubscribed_page(PROGRAM, locale="fr-FR")
    assert "Ihre beans behalten" in unsubscribed_page(PROGRAM, locale="de")


def test_a_survey_names_both_ends_of_its_scale() -> None:
    page = question_page(SURVEY, PROGRAM, locale="de")

    assert "<span>1: sehr unzufrieden</span><span>5: sehr zufrieden</span>" in page
    assert 'aria-label="1: sehr unzufrieden, 5: sehr zufrieden"' in page
    assert page.count('type="radio"') == 5


@pytest.mark.parametrize("language", PHRASES)
def test_a_language_has_every_phrase_and_only_the_variables_that_are_filled(language: str) -> None:
    allowed = {"stop_mail": {"program"}, "no_more_mail": {"points"}}
    phrases = PHRASES[language]

    for field in fields(phrases):
        if field.name == "ends":
            continue
        text = getattr(phrases, field.name)
        named = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        assert text
        assert named == allowed.get(field.name, set())
    assert phrases.ends.keys() == {"nps", "csat"}
