"""What a program document may say of reminders and messages, and how mistakes are named."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from loyalty.domain.program.document import Program
from loyalty.domain.program.kinds import KINDS
from loyalty.domain.program.messages import Messages, MessageTemplate
from loyalty.domain.program.publication import faults
from loyalty.domain.program.wording import DEFAULTS, VARIABLES, words
from loyalty.domain.program.wording import faults as template_faults
from tests.support.documents import program


def places(**parts: Any) -> dict[str, str]:
    return {fault.pointer: fault.code for fault in faults(program(**parts))}


def template(body: str = "Hello", **parts: Any) -> dict[str, Any]:
    return {"kind": "welcome", "subject": "Welcome", "body": body} | parts


def of_templates(*templates: dict[str, Any]) -> dict[str, str]:
    return places(messages={"templates": templates})


@pytest.mark.parametrize(
    ("parts", "place", "code"),
    [
        (
            {
                "expiry": {"model": "after_earning", "days": 14, "round_to": "none"},
                "reminders": {"points_expiring": {"days_before": [14]}},
            },
            "/reminders/points_expiring/days_before/0",
            "contradiction",
        ),
        (
            {
                "inactivity": {"months": 1},
                "reminders": {"points_expiring": {"days_before": [7, 28]}},
            },
            "/reminders/points_expiring/days_before/1",
            "contradiction",
        ),
        (
            {"expiry": {"model": "never"}, "reminders": {"points_expiring": {}}},
            "/reminders/points_expiring",
            "contradiction",
        ),
        (
            {"reminders": {"points_expiring": {"days_before": [30, 7, 30]}}},
            "/reminders/points_expiring/days_before/2",
            "duplicate_stage",
        ),
        ({"reminders": {"tier_ending": {}}}, "/reminders/tier_ending", "contradiction"),
        (
            {"messages": {"quiet_hours": {"starts_at": "21:00", "ends_at": "21:00"}}},
            "/messages/quiet_hours/ends_at",
            "empty_window",
        ),
    ],
)
def test_contradictions_are_named_with_their_place(
    parts: dict[str, Any], place: str, code: str
) -> None:
    assert places(**parts) == {place: code}


def test_one_template_is_for_a_kind_and_a_locale() -> None:
    found = of_templates(
        template(), template(locale="fr"), template(locale="FR"), template(kind="lapsed")
    )

    assert found == {"/messages/templates/2/locale": "duplicate_template"}


@pytest.mark.parametrize("field", ["subject", "heading", "body"])
def test_an_unknown_variable_is_refused_with_its_place(field: str) -> None:
    found = of_templates(template(), template(kind="lapsed", **{field: "{{ nmae }}"}))

    assert found == {f"/messages/templates/1/{field}": "unknown_variable"}


def test_a_kind_knows_its_own_variables_and_no_others() -> None:
    assert of_templates(template("{{ days }}", kind="lapsed")) == {}
    assert of_templates(template("{{ days }}")) == {
        "/messages/templates/0/body": "unknown_variable"
    }


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{{ name", "template_syntax"),
        ("{% if name %}", "template_syntax"),
        ("{% if name %}" * 150 + "{% endif %}" * 150, "template_syntax"),
        ("{{ " + "(" * 2000 + "1" + ")" * 2000 + " }}", "template_syntax"),
        ("{{ name | safe }}", "unknown_filter"),
        ("{{ name.__class__ }}", "not_allowed"),
        ("{{ name['x'] }}", "not_allowed"),
        ("{{ name() }}", "not_allowed"),
        ("{% for letter in name %}{% endfor %}", "not_allowed"),
        ("{% set name = 1 %}", "not_allowed"),
        ("{% include 'other' %}", "not_allowed"),
        ("{% macro name() %}{% endmacro %}", "not_allowed"),
        # Computed while it is compiled, this would take all memory or for ever.
        ("{{ 'a' * 10000000000 }}", "not_allowed"),
        ("{{ 9 ** 9 ** 9 ** 9 }}", "not_allowed"),
    ],
)
def test_a_template_that_could_not_be_rendered_is_refused(body: str, code: str) -> None:
    assert code in {
        fault.code for fault in faults(program(messages={"templates": [template(body)]}))
    }


@given(st.text(alphabet="{}%# \n()'|~nameif=endset<>&", max_size=60))
def test_every_published_template_can_be_rendered_for_every_member(body: str) -> None:
    made = MessageTemplate(kind="welcome", subject="Welcome", body=body or "x")
    variables = dict.fromkeys(VARIABLES["welcome"], "")

    if not list(template_faults(made, place="")):
        assert isinstance(words(made, variables).paragraphs, tuple)


@pytest.mark.parametrize("kind", KINDS)
def test_the_default_words_are_sound_and_need_neither_a_name_nor_a_bonus(kind: Any) -> None:
    variables = dict.fromkeys(VARIABLES[kind], "") | {"days": 1}

    rendered = words(DEFAULTS[kind], variables)

    assert list(template_faults(DEFAULTS[kind], place="")) == []
    assert rendered.subject
    assert rendered.paragraphs[0] == "Hello,"


def test_a_subject_is_one_line_whatever_a_name_contains() -> None:
    made = MessageTemplate(
        kind="welcome", subject="Welcome, {{ name }}", body="{{ name }}\n\n\n\nBye"
    )

    rendered = words(made, {"name": "Ana\r\nBcc: all@example.com"})

    assert rendered.subject == "Welcome, Ana Bcc: all@example.com"
    assert rendered.heading == rendered.subject
    assert rendered.paragraphs == ("Ana Bcc: all@example.com", "Bye")


def test_the_words_are_those_of_the_locale_its_language_or_all() -> None:
    messages = Messages.model_validate(
        {"templates": [template("all"), template("fr", locale="fr"), template("q", locale="fr-CA")]}
    )

    rendered = {
        locale: found.body
        for locale in ("fr-CA", "FR-FR", "de", None)
        if (found := messages.template("welcome", locale))
    }

    assert rendered == {"fr-CA": "q", "FR-FR": "fr", "de": "all", None: "all"}
    assert messages.template("lapsed", "fr") is None


def test_words_of_a_segment_come_before_those_of_any_in_every_locale() -> None:
    kind: Any = "segment_entered"
    texts = [
        MessageTemplate(kind=kind, segment=segment, locale=locale, subject=name, body=name)
        for segment, locale, name in (
            (None, "fr", "any in French"),
            ("vip", None, "vip"),
            (None, None, "any"),
        )
    ]
    messages = Messages(templates=tuple(texts))

    def subject(segment: str | None, locale: str | None) -> str:
        found = messages.template(kind, locale, segment=segment)
        assert found is not None
        return found.subject

    assert subject("vip", "fr") == "vip"
    assert subject("other", "fr-CA") == "any in French"
    assert subject("other", None) == "any"


def test_a_message_about_a_segment_needs_one_that_members_enter() -> None:
    oat = {"fact": "attribute", "name": "milk", "is_in": ["oat"]}
    computed = {"fact": "orders", "days": 9, "at_least": 1}
    segments = [
        {"id": "oat", "name": "Oat", "who": oat},
        {"id": "fresh", "name": "Fresh", "who": computed},
    ]

    def pointers(*messages: dict[str, Any], templates: Any = ()) -> dict[str, str]:
        document = program(
            segments=segments,
            reminders={"segment_entered": list(messages)},
            messages={"templates": list(templates)},
        )
        return {each.pointer: each.code for each in faults(document)}

    place = "/reminders/segment_entered"
    assert pointers({"segment": "fresh"}) == {}
    assert pointers({"segment": "gone"}) == {f"{place}/0/segment": "unknown_segment"}
    assert pointers({"segment": "oat"}) == {f"{place}/0/segment": "never_entered"}
    assert pointers({"segment": "fresh"}, {"segment": "fresh"}) == {
        f"{place}/1/segment": "duplicate_segment"
    }
    assert pointers({"segment": "fresh", "announces": "gone"}) == {
        f"{place}/0/announces": "unknown_campaign"
    }
    words = {"kind": "segment_entered", "subject": "S", "body": "B"}
    assert pointers(templates=[words | {"segment": "fresh"}, words]) == {}
    assert pointers(templates=[words | {"segment": "gone"}]) == {
        "/messages/templates/0/segment": "unknown_segment"
    }
    assert pointers(templates=[words | {"kind": "lapsed", "segment": "fresh"}]) == {
        "/messages/templates/0/segment": "contradiction"
    }


@pytest.mark.parametrize("moment", ["24:00", "9:00", "21:00:00", "21.00", 21, None])
def test_a_time_of_day_in_any_other_form_is_refused(moment: object) -> None:
    with pytest.raises(ValidationError):
        program(messages={"quiet_hours": {"starts_at": moment}})


def test_a_time_of_day_is_kept_in_the_form_it_was_written_in() -> None:
    quiet = program(messages={"quiet_hours": {"starts_at": "22:30", "ends_at": "07:00"}})

    assert '"starts_at":"22:30"' in quiet.canonical()
    assert Program.model_validate_json(quiet.canonical()) == quiet
