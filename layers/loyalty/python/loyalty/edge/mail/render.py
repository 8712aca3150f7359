"""Mails: a message in a member's locale, as HTML for any mail client and as text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from loyalty.domain.kernel.currencies import exponent
from loyalty.domain.kernel.text import name_in_mail
from loyalty.domain.messaging.messages import Message
from loyalty.domain.people.member import Member
from loyalty.domain.program.document import PointsWords, Program
from loyalty.domain.program.wording import DEFAULTS, words
from loyalty.edge.aws.mailbox import RenderedMail
from loyalty.edge.mail.colors import readable_on
from loyalty.edge.mail.phrases import phrases_in

if TYPE_CHECKING:
    from jinja2 import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The content of a mail: the message, its member, and their balance today."""

    message: Message
    member: Member
    balance: int
    today: date
    unsubscribe_url: str


def mail(letter: Letter, document: Program) -> RenderedMail:
    """Render a message as a mail to its member."""
    message, messages = letter.message, document.messages
    tag = letter.member.profile.locale or messages.locale
    own = messages.template(message.kind, tag, segment=message.segment)
    template = own or DEFAULTS[message.kind]
    locale = _locale(tag, messages.locale)
    # The words are in the template's language; dates and amounts are in the member's locale.
    language = _locale(template.locale or (messages.locale if own else "en"), "en")
    unsubscribe = template.unsubscribe or phrases_in(language.language).unsubscribe
    text = words(template, _variables(letter, document, locale))
    rows = _rows(letter, document, locale)
    is_rtl = language.text_direction == "rtl"
    html = _layout().render(
        subject=text.subject,
        preview=text.paragraphs[min(1, len(text.paragraphs) - 1)] if text.paragraphs else "",
        program=document.name,
        heading=text.heading,
        paragraphs=text.paragraphs,
        rows=[{"what": what, "when": when} for what, when in rows],
        button=template.button,
        footer=messages.look.footer,
        unsubscribe=unsubscribe,
        unsubscribe_url=letter.unsubscribe_url,
        color=messages.look.color,
        on_color=readable_on(messages.look.color),
        logo_url=messages.look.logo_url,
        locale=str(language).replace("_", "-"),
        direction=language.text_direction,
        start="right" if is_rtl else "left",
        end="left" if is_rtl else "right",
    )
    parts = [
        text.heading,
        *text.paragraphs,
        "\n".join(f"{what} · {when}" for what, when in rows),
        f"{template.button.label}: {template.button.url}" if template.button else "",
        "-- ",
        messages.look.footer or "",
        f"{unsubscribe}: {letter.unsubscribe_url}",
    ]
    return RenderedMail(text.subject, html, "\n\n".join(part for part in parts if part) + "\n")


def _variables(letter: Letter, document: Program, locale: Locale) -> dict[str, object]:
    """All variables of templates, including those that the message's kind does not use."""
    message = letter.message
    about = format_date(message.about, "long", locale=locale) if message.about else ""
    days = abs((message.about - letter.today).days) if message.about else 0
    name = _points_name(letter.member, document)
    points = _points(message.points, name, locale)
    return {
        "program": document.name,
        "name": name_in_mail(letter.member.profile.name),
        "balance": _points(letter.balance, name, locale),
        "points_name": name.many,
        "points": points,
        "bonus": points if message.points else "",
        "expires_on": about,
        "ends_on": about,
        "days": days,
        "reward": _reward(letter, document),
        "challenge": message.rows[0].label if message.rows else "",
        "badge": message.rows[0].label if message.rows else "",
        "cost": _points(message.pays_for.cost_points, name, locale) if message.pays_for else "",
        "tier": message.level or "",
        "segment": message.segment or "",
        "missing": _missing(message.missing, name, document, locale) if message.missing else "",
    }


def _reward(letter: Letter, document: Program) -> str:
    """The reward of the voucher that the message is about, or that the points pay for."""
    message = letter.message
    if message.pays_for:
        # It may have left the document since the message was written.
        reward = document.reward(message.pays_for.reward_id)
        locale = letter.member.profile.locale or document.messages.locale
        return reward.name_in(locale) if reward else ""
    return (message.rows[0].label or "") if message.rows else ""


def _rows(letter: Letter, document: Program, locale: Locale) -> list[tuple[str, str]]:
    """What the message lists, if there is more than one of it: (what, when)."""
    message, name = letter.message, _points_name(letter.member, document)
    if len(message.rows) < 2:
        return []
    return [
        (
            row.label or _points(row.points, name, locale),
            format_date(row.day, "long", locale=locale),
        )
        for row in message.rows
    ]


def _points_name(member: Member, document: Program) -> PointsWords:
    return document.points.in_locale(member.profile.locale or document.messages.locale)


def _points(points: int, name: PointsWords, locale: Locale) -> str:
    unit = name.one if points == 1 else name.many
    return f"{format_decimal(points, locale=locale)} {unit}"


def _missing(amount: int, name: PointsWords, document: Program, locale: Locale) -> str:
    match document.tiers.basis if document.tiers else None:
        case "qualifying_points":
            return _points(amount, name, locale)
        case "spend":
            money = Decimal(amount).scaleb(-(exponent(document.currency) or 0))
            return format_currency(money, document.currency, locale=locale)
        case _:
            return format_decimal(amount, locale=locale)


@lru_cache(maxsize=200)
def _locale(tag: str, otherwise: str) -> Locale:
    """The locale of a BCP 47 tag. If it is unknown: of its language, of `otherwise`, or English."""
    for each in (tag, tag.partition("-")[0], otherwise, "en"):
        try:
            return Locale.parse(each, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    raise AssertionError("English is known")


@cache
def _layout() -> Template:
    environment = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    layout = files("loyalty").joinpath("mails", "layout.html")
    return environment.from_string(layout.read_text(encoding="utf-8"))
