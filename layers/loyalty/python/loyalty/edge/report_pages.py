"""The reports as pages: a shell that asks readers to sign in, and a page that contains its data.

Both draw with the same script (`reports/pages/draw.js`) from the API's JSON, so both format figures
the same way. The shell holds no data and is open to anyone; it calls the API with the reader's
token. The path of its assets contains a digest of them all, so they can be cached forever.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode, urlsplit

from loyalty.domain.kernel.errors import NotFound
from loyalty.lake import reports

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program
    from loyalty.lake.reports import ReportStep, Table

MEDIA: Final = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
ASSETS: Final = ("app.js", "draw.js", "pages.css", "plot.js", "session.js")

# The order of a manager's questions: how is it going, who buys, what do we owe, what do points buy.
MENU: Final[Mapping[str, tuple[str, ...]]] = {
    "Program": ("summary", "trend", "sources"),
    "Customers": (
        "members",
        "retention",
        "repeat",
        "lifetime_value",
        "segments",
        "tiers",
        "guests",
        "top_members",
        "at_risk_members",
    ),
    "Points": ("earning_rules", "liability", "liability_age", "breakage"),
    "Rewards": ("redemption", "rewards"),
    "Messages and surveys": ("messages", "surveys", "promoters"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInSettings:
    """Where people who open a page in a browser sign in (OIDC code flow with PKCE).

    Either all three are set or none, which means that there is no sign-in. `client_id` is a public
    client that may redirect back to the page.
    """

    authorize_url: str = ""
    token_url: str = ""
    client_id: str = ""


@dataclass(frozen=True, slots=True)
class HtmlPage:
    html: str
    policy: str
    """Its Content-Security-Policy."""


def link(
    api_url: str,
    *,
    program_id: str,
    token: str,
    report: str = "overview",
    first: date | None = None,
    last: date | None = None,
    by: ReportStep = "month",
) -> str:
    """A URL that opens the reports of a program with a reader's token.

    The token comes after the `#`. Browsers do not send that part, so no server or log receives it.
    """
    query = {"report": report, "by": by, "token": token}
    query |= {"from": first.isoformat()} if first else {}
    query |= {"to": last.isoformat()} if last else {}
    return f"{api_url.rstrip('/')}/v1/programs/{quote(program_id)}/reports#{urlencode(query)}"


def asset(digest: str, name: str) -> tuple[str, str]:
    """The content of a file that the shell loads, and its media type.

    Raises:
        NotFound: there is no such file, or its digest has changed.
    """
    if name not in ASSETS or digest != assets_digest():
        raise NotFound("There is no such file.")
    return _text(name), MEDIA[name.rpartition(".")[2]]


@cache
def assets_digest() -> str:
    whole = hashlib.sha256("\0".join(map(_text, ASSETS)).encode())
    return whole.hexdigest()[:16]


def shell(sign_in: SignInSettings) -> HtmlPage:
    """The page around the reports. It asks the reader for a token, or to sign in."""
    written = Template(_text("shell.html")).substitute(
        # The path is relative, because a gateway may serve the API below a path of its own.
        assets=f"../../assets/{assets_digest()}",
        authorize_url=html.escape(sign_in.authorize_url),
        token_url=html.escape(sign_in.token_url),
        client_id=html.escape(sign_in.client_id),
        menu="\n".join(_menu()),
    )
    sources = " ".join(filter(None, ("'self'", _origin(sign_in.token_url))))
    policy = _policy(
        "script-src 'self'", "style-src 'self'", "img-src data:", f"connect-src {sources}"
    )
    return HtmlPage(written, f"{policy}; frame-ancestors 'none'")


def page(answer: Mapping[str, Any]) -> HtmlPage:
    """A report as one file that loads nothing else, to read, keep, send and print."""
    library, style = _text("plot.js"), _text("pages.css")
    drawing = f"{_text('draw.js')}\n{_START}"
    scripts = " ".join(map(_source_of, (library, drawing)))
    policy = _policy(f"script-src {scripts}", f"style-src {_source_of(style)}")
    written = Template(_text("page.html")).substitute(
        # The policy in the page also binds a copy on a reader's disk.
        policy=html.escape(policy),
        title=html.escape(f"{answer['title'].partition(':')[0]} · {answer['program']['name']}"),
        style=style,
        # Without `<`, no text in the data can end the script element.
        answer=json.dumps(answer, separators=(",", ":")).replace("<", "\\u003c"),
        library=library,
        drawing=drawing,
    )
    return HtmlPage(written, f"{policy}; frame-ancestors 'none'")


def names(table: Table, document: Program) -> dict[str, dict[str, str]]:
    """The document's names for the ids in a table, by unit. Earning rules have only their ids."""
    called = {
        "level": {each.id: each.name for each in document.tiers.levels} if document.tiers else {},
        "reward": {each.id: each.name for each in document.rewards},
        "survey": {each.id: each.question for each in document.surveys},
    }
    names_by_unit: dict[str, dict[str, str]] = {}
    for place, column in enumerate(table.columns):
        ids = {row[place] for row in table.rows} if column.unit in called else set()
        found = {id_: name for id_, name in called.get(column.unit, {}).items() if id_ in ids}
        if found:
            names_by_unit.setdefault(column.unit, {}).update(found)
    return names_by_unit


_START: Final = """\
show(JSON.parse(document.getElementById("answer").textContent), document.getElementById("report"));
"""


def _menu() -> Iterator[str]:
    for heading, names in MENU.items():
        items = "".join(
            f'<li><a href="#report={name}" data-report="{name}">{_topic(name)}</a></li>'
            for name in names
        )
        yield f"<h2>{heading}</h2>\n<ul>{items}</ul>"


def _topic(name: str) -> str:
    return html.escape(reports.report(name).title.partition(":")[0].rstrip("."))


def _policy(*allowed: str) -> str:
    return "; ".join(("default-src 'none'", *allowed, "base-uri 'none'", "form-action 'none'"))


def _source_of(inline: str) -> str:
    """The source expression of a Content-Security-Policy for an inline script or style."""
    digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


@cache
def _text(name: str) -> str:
    return files("loyalty").joinpath("reports", "pages", name).read_text(encoding="utf-8")
