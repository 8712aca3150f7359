"""The pages that links in mails open: in the member's language, with the program's name and color.

Opening a page changes nothing, because mail scanners open every link; its form does.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from loyalty.domain.program.locales import best_locale
from loyalty.edge.mail.colors import readable_on
from loyalty.edge.mail.phrases import PHRASES, phrases_in
from loyalty.edge.models.surveys import COMMENT_MAX

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.surveys import ProgramSurvey

_PAGE: Final = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{program}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:17px/1.5 -apple-system,"Segoe UI",Helvetica,Arial,sans-serif;background:#F3F1EC;
color:#2B2B2B;margin:0 auto;padding:12vh 24px;max-width:34em}}h1{{font-size:24px;line-height:1.25}}
.program{{font-weight:600;margin:0}}.ends{{display:flex;justify-content:space-between;gap:24px;
font-size:14px}}fieldset{{border:0;padding:0;margin:24px 0 8px;display:flex;flex-wrap:wrap;gap:8px}}
label.score{{background:#fff;border-radius:10px;padding:10px 14px;cursor:pointer}}
label.comment{{display:block;margin-top:24px}}
textarea{{font:inherit;box-sizing:border-box;width:100%;min-height:6em;border:1px solid #C9C4B8;
border-radius:10px;padding:10px}}button{{font:inherit;font-weight:600;color:{on_color};
background:{color};border:0;border-radius:10px;padding:14px 26px;margin-top:16px;cursor:pointer}}
</style></head><body><p class="program">{program}</p><h1>{heading}</h1>{content}</body></html>
"""


def unsubscribe_page(document: Program, *, locale: str | None) -> str:
    """The question whether a member wants no more mail, and a form to confirm it."""
    phrases = phrases_in(_language(document, locale))
    return _page(
        document,
        locale=locale,
        heading=phrases.stop_mail.format(program=document.name),
        content=f'<form method="post"><button>{escape(phrases.unsubscribe)}</button></form>',
    )


def unsubscribed_page(document: Program, *, locale: str | None) -> str:
    """The confirmation that a member gets no more mail."""
    phrases = phrases_in(_language(document, locale))
    points = document.points.in_locale(locale or document.messages.locale).many
    text = phrases.no_more_mail.format(points=points)
    return _page(
        document, locale=locale, heading=phrases.unsubscribed, content=f"<p>{escape(text)}</p>"
    )


def question_page(survey: ProgramSurvey, document: Program, *, locale: str | None) -> str:
    """A survey's question, its scale with both ends named, and a form to answer it."""
    phrases = phrases_in(_language(document, locale))
    lowest, highest = survey.scale
    least, most = phrases.ends[survey.kind]
    scores = "".join(
        f'<label class="score"><input type="radio" name="score" value="{score}" required> '
        f"{score}</label>"
        for score in range(lowest, highest + 1)
    )
    ends = f"{lowest}: {least}, {highest}: {most}"
    content = (
        f'<form method="post"><fieldset aria-label="{escape(ends)}">{scores}</fieldset>'
        f'<div class="ends" aria-hidden="true"><span>{lowest}: {escape(least)}</span>'
        f"<span>{highest}: {escape(most)}</span></div>"
        f'<label class="comment">{escape(phrases.comment)}<textarea name="comment" '
        f'maxlength="{COMMENT_MAX}"></textarea></label>'
        f"<button>{escape(phrases.send)}</button></form>"
    )
    return _page(document, locale=locale, heading=survey.question, content=content)


def thanks_page(document: Program, *, locale: str | None) -> str:
    """The confirmation that an answer was recorded."""
    phrases = phrases_in(_language(document, locale))
    return _page(
        document,
        locale=locale,
        heading=phrases.thanks,
        content=f"<p>{escape(phrases.answered)}</p>",
    )


def _language(document: Program, locale: str | None) -> str:
    """The language of a page: the member's, else the program's, else English."""
    return best_locale(PHRASES, locale) or best_locale(PHRASES, document.messages.locale) or "en"


def _page(document: Program, *, locale: str | None, heading: str, content: str) -> str:
    color = document.messages.look.color
    return _PAGE.format(
        language=_language(document, locale),
        program=escape(document.name),
        heading=escape(heading),
        content=content,
        color=color,
        on_color=readable_on(color),
    )
