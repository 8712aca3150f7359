"""Mails: the member's own locale, nothing that a name could break, and a layout that is current."""

from datetime import UTC, date, datetime
from typing import Any, Final

import pytest

from loyalty.domain.messaging.messages import Message, Row
from loyalty.domain.people.identity import Identity
from loyalty.domain.people.member import Member, Profile
from loyalty.domain.recommendations.ending import PaidReward
from loyalty.edge.aws.mailbox import RenderedMail
from loyalty.edge.mail.colors import readable_on
from loyalty.edge.mail.render import Letter, mail
from tests.support.documents import program

NOW: Final = datetime(2026, 11, 21, 9, tzinfo=UTC)
TODAY: Final = date(2026, 11, 21)
LINK: Final = "https://api.example.com/v1/programs/bean/unsubscribe/x?a=1&b=2"
SILVER: Final = [{"id": "silver", "name": "Silver", "reached_at": 500}]


def send(
    kind: Any, *, name: str | None = "Ana", locale: str | None = "en", **parts: Any
) -> RenderedMail:
    document = program(**parts.pop("document", {}))
    fields: dict[str, Any] = {
        "member_id": "mem_1",
        "kind": kind,
        "day": TODAY,
        "written_at": NOW,
        "until": TODAY,
    }
    member = Member(
        member_id="mem_1",
        enrolled_at=NOW,
        enrolled_by="",
        profile=Profile(name=name, locale=locale),
        identities={Identity("email", "ana@example.com"): True},
    )
    letter = Letter(
        message=Message(**fields | parts),
        member=member,
        balance=1234,
        today=TODAY,
        unsubscribe_url=LINK,
    )
    return mail(letter, document)


@pytest.mark.parametrize(
    ("locale", "link"),
    [("fr", "Se désabonner"), ("de", "Abmelden"), ("nl", "Stop"), ("it", "Unsubscribe")],
)
def test_the_link_to_unsubscribe_is_in_the_templates_language_unless_it_has_words_of_its_own(
    locale: str, link: str
) -> None:
    words = {"kind": "welcome", "subject": "…", "body": "…"}
    templates = [
        words | {"locale": "fr"},
        words | {"locale": "de"},
        words | {"locale": "nl", "unsubscribe": "Stop"},
    ]

    mail_sent = send("welcome", locale=locale, document={"messages": {"templates": templates}})

    assert f"{link}: {LINK}" in mail_sent.text


@pytest.mark.parametrize(
    ("locale", "day", "balance"),
    [
        ("en", "November 28, 2026", "1,234 beans"),
        ("en-GB", "28 November 2026", "1,234 beans"),
        ("fr-FR", "28 novembre 2026", "1\u202f234 beans"),
        ("de", "28. November 2026", "1.234 beans"),
        ("zh-Hant-TW", "2026年11月28日", "1,234 beans"),
        # Nobody knows them: their language's, and the program's own.
        ("fr-XX", "28 novembre 2026", "1\u202f234 beans"),
        ("qq-QQ", "28. November 2026", "1.234 beans"),
        (None, "28. November 2026", "1.234 beans"),
    ],
)
def test_dates_and_numbers_are_in_the_member_s_locale(
    locale: str | None, day: str, balance: str
) -> None:
    made = send(
        "points_expiring",
        locale=locale,
        about=date(2026, 11, 28),
        points=1,
        document={"messages": {"locale": "de"}},
    )

    assert day in made.html
    assert day in made.text
    assert balance in made.text
    assert made.subject == "1 bean will expire in 7 days"


@pytest.mark.parametrize(
    "name",
    [
        "URGENT: your account is blocked, go to http://evil.example/login",
        "evil.example",
        "Ana evil。example",
        "call 0800 123456",
        "ana@evil.example",
        "A" * 61,
    ],
)
def test_a_name_that_says_more_than_a_name_is_in_no_mail(name: str) -> None:
    made = send("welcome", name=name)

    assert made == send("welcome", name=None)
    assert name not in made.text


@pytest.mark.parametrize(
    "name", ["Ana", "J. R. O'Neill-Smith", "Lund, Ana", "محمد", "山田 太郎", "Íñigo"]
)
def test_a_member_is_greeted_by_their_name(name: str) -> None:
    assert f"Hello {name}," in send("welcome", name=name).text


@pytest.mark.parametrize(
    ("basis", "missing"),
    [("spend", "€45.50"), ("orders", "4,550"), ("qualifying_points", "4,550 beans")],
)
def test_what_is_missing_is_told_in_what_the_program_counts(basis: str, missing: str) -> None:
    tiers = {"basis": basis, "period": "calendar_year", "levels": SILVER}

    made = send(
        "tier_ending",
        about=date(2026, 12, 31),
        level="Silver",
        missing=4550,
        document={"tiers": tiers},
    )

    assert made.subject == f"Stay Silver: {missing} to go"


def test_money_without_decimals_is_told_without() -> None:
    tiers = {"basis": "spend", "period": "calendar_year", "levels": SILVER}

    made = send(
        "tier_ending",
        about=date(2026, 12, 31),
        level="Silver",
        missing=4550,
        document={"tiers": tiers, "currency": "JPY"},
    )

    assert "¥4,550" in made.subject


def test_what_people_typed_is_text_and_never_a_part_of_the_page() -> None:
    made = send(
        "welcome",
        document={
            "name": 'Bean & <img src=x onerror="alert(1)">',
            "messages": {"look": {"footer": "</td>"}},
        },
    )

    assert "<img src=x" not in made.html
    assert "&lt;img src=x" in made.html
    assert "Bean &amp; &lt;img" in made.html
    assert "&lt;/td&gt;" in made.html
    assert '<img src=x onerror="alert(1)">' in made.text


def test_a_mail_loads_nothing_but_the_program_s_own_logo() -> None:
    plain = send("welcome")
    branded = send(
        "welcome", document={"messages": {"look": {"logo_url": "https://cdn.example.com/l.png"}}}
    )

    assert "src=" not in plain.html
    assert "@import" not in plain.html
    assert "<link" not in plain.html
    assert branded.html.count("src=") == 1


def test_several_lots_are_told_one_by_one_and_a_single_one_in_a_sentence() -> None:
    rows = (
        Row(day=date(2026, 11, 28), points=120),
        Row(day=date(2026, 12, 21), points=1250),
    )

    several = send("points_expiring", about=rows[0].day, points=120, rows=rows)
    single = send("points_expiring", about=rows[0].day, points=120, rows=rows[:1])

    assert "120 beans · November 28, 2026\n1,250 beans · December 21, 2026" in several.text
    assert "1,250 beans" in several.html
    assert "·" not in single.text


def test_points_that_expire_say_what_they_still_buy() -> None:
    about: dict[str, Any] = {"about": date(2027, 1, 31), "points": 40}
    latte = {"id": "latte", "name": "Latte", "kind": "free_product", "cost_points": 40}
    french = latte | {"translations": {"fr": {"name": "Café au lait"}}}
    document = {"rewards": [french]}

    made = send("points_expiring", pays_for=PaidReward("latte", 40), document=document, **about)
    gone = send("points_expiring", pays_for=PaidReward("tea", 40), document=document, **about)
    body = "{{ reward }} : {{ cost }}"
    words = [{"kind": "points_expiring", "locale": "fr", "subject": "…", "body": body}]
    theirs = send(
        "points_expiring",
        locale="fr-FR",
        pays_for=PaidReward("latte", 40),
        document=document | {"messages": {"templates": words}},
        **about,
    )

    assert "40 beans of yours will expire on January 31, 2027. Latte costs 40 beans." in made.text
    assert "costs" not in gone.text
    assert "Café au lait : 40 beans" in theirs.text


def test_a_mail_is_in_the_language_of_its_words() -> None:
    hebrew = {"kind": "welcome", "locale": "he", "subject": "שלום", "body": "שלום"}
    document = {"messages": {"templates": [hebrew]}}

    read_from_right = send("welcome", locale="he-IL", document=document)
    ours = send("lapsed", locale="he-IL", about=date(2026, 9, 22), document=document)

    assert '<html lang="he" dir="rtl"' in read_from_right.html
    assert '<html lang="en" dir="ltr"' in ours.html


def test_the_way_out_is_in_both_parts() -> None:
    made = send("welcome")

    assert LINK.replace("&", "&amp;") in made.html
    assert made.text.endswith(f"Unsubscribe: {LINK}\n")


@pytest.mark.parametrize(
    ("color", "letters"),
    [
        ("#1F5C4A", "#FFFFFF"),
        ("#F2C14E", "#1A1A1A"),
        ("#000000", "#FFFFFF"),
        ("#ffffff", "#1A1A1A"),
    ],
)
def test_letters_on_the_program_s_colour_can_be_read(color: str, letters: str) -> None:
    assert readable_on(color) == letters


def test_points_have_the_name_of_the_members_language() -> None:
    points = {"one": "bean", "many": "beans", "translations": {"fr": {"one": "grain", "many": "g"}}}

    french = send("points_expiring", locale="fr-FR", points=1, document={"points": points})
    english = send("points_expiring", locale="en", points=1, document={"points": points})

    assert french.subject.startswith("1 grain ")
    assert "1\u202f234 g " in french.text
    assert english.subject.startswith("1 bean ")
