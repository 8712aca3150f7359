"""The merchant's console: one page for all programs, and the files that it loads.

The page holds no data and is open to anyone. It asks people to sign in and calls the API with their
token. The path of its files contains a digest of them all, so they can be cached forever.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.staff.actions import ACTION_NAMES
from loyalty.edge import local_cloud
from loyalty.lake import reports

MEDIA: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
}
PATH: Final = "/v1/console"
# The folder of the views, which are loaded one by one.
VIEWS: Final = "views"
# What every view needs; browsers fetch it at once instead of import by import.
FRAME: Final = (
    "address.js",
    "api.js",
    "auth.js",
    "config.js",
    "doors.js",
    "format.js",
    "forms.js",
    "lit.js",
    "menu.js",
    "moments.js",
    "page.js",
    "session.js",
    "table.js",
    "views.js",
)

# The order of a manager's questions: how is it going, who buys, what do we owe, what do points buy.
REPORTS: Final[Mapping[str, tuple[str, ...]]] = {
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
    "Points": (
        "earning_rules",
        "campaigns",
        "campaign_uplift",
        "offers",
        "challenges",
        "activities",
        "referrals",
        "liability",
        "liability_age",
        "breakage",
    ),
    "Rewards": ("redemption", "rewards"),
    "Messages and surveys": ("messages", "surveys", "promoters"),
    "Staff": ("actions", "reviews"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSettings:
    """Where staff sign in (OIDC code flow with PKCE).

    Without a `client_id` there is no sign-in. It is a public client that may redirect back to the
    console. `sign_out_url` is where an issuer ends its own session, if it has such an address.
    """

    authorize_url: str = ""
    token_url: str = ""
    sign_out_url: str = ""
    client_id: str = ""


@dataclass(frozen=True, slots=True)
class HtmlPage:
    html: str
    policy: str
    """Its Content-Security-Policy."""


def link(
    api_url: str, *, program_id: str, view: str = "home", token: str = "", **query: str
) -> str:
    """A URL that opens a view of a program, with a token if one is given.

    The token comes after the `#`. Browsers do not send that part, so no server or log receives it.
    """
    query |= {"token": token} if token else {}
    tail = f"?{urlencode(query)}" if query else ""
    return f"{api_url.rstrip('/')}{PATH}#/{quote(program_id)}/{view}{tail}"


def shell(sign_in: ConsoleSettings, *, groups_claim: str) -> HtmlPage:
    """The page around the views. It asks people for a token, or to sign in."""
    if local_cloud.is_on_one_machine():
        sign_in = _on_this_machine(sign_in)
    # The path is relative, because a gateway may serve the API below a path of its own.
    assets = f"console/assets/{assets_digest()}"
    written = Template(_read("shell.html")).substitute(
        assets=assets,
        preloads="\n".join(f'<link rel="modulepreload" href="{assets}/{name}">' for name in FRAME),
        config=_data(
            {
                "sign_in": asdict(sign_in),
                "groups_claim": groups_claim,
                "reports": list(_menu()),
                "actions": ACTION_NAMES,
            }
        ),
    )
    sources = " ".join(filter(None, ("'self'", _origin(sign_in.token_url))))
    return HtmlPage(
        written,
        policy(
            "script-src 'self'",
            "style-src 'self'",
            # The icon, and pictures that a view makes of what it has read.
            "img-src data: blob:",
            # Only the page around a mail.
            "frame-src 'self'",
            f"connect-src {sources}",
            "frame-ancestors 'none'",
        ),
    )


def mail_frame(digest: str) -> HtmlPage:
    """The page in which the console shows a mail, by a script that waits for it.

    A mail has styles of its own and pictures from anywhere, which the console's policy forbids. The
    page is sandboxed, so nothing in a mail reaches the console or its token.

    Raises:
        NotFound: the digest has changed.
    """
    if digest != assets_digest():
        raise NotFound("There is no such page.")
    return HtmlPage(
        _read("mail_frame.html"),
        policy(
            "script-src 'self'",
            "style-src 'unsafe-inline'",
            "img-src https: data:",
            "frame-ancestors 'self'",
            "sandbox allow-scripts",
        ),
    )


def policy(*allowed: str) -> str:
    """A Content-Security-Policy that allows nothing but this."""
    return "; ".join(("default-src 'none'", *allowed, "base-uri 'none'", "form-action 'none'"))


def asset(digest: str, name: str) -> tuple[str, str]:
    """The content of a file that the console loads, and its media type.

    Raises:
        NotFound: there is no such file, or its digest has changed.
    """
    if digest != assets_digest() or name not in _assets():
        raise NotFound("There is no such file.")
    return _assets()[name], MEDIA[name.rpartition(".")[2]]


def assets() -> tuple[str, ...]:
    """The names of the files that the console loads; those of views begin with their folder."""
    return tuple(_assets())


def text_of(name: str) -> str:
    """A script or style sheet of the console."""
    return _assets()[name]


@cache
def assets_digest() -> str:
    whole = "\0".join(part for file in _assets().items() for part in file)
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


@cache
def _assets() -> dict[str, str]:
    found = {file.name: file for file in _folder().iterdir() if file.is_file()}
    found |= {f"{VIEWS}/{file.name}": file for file in (_folder() / VIEWS).iterdir()}
    return {
        name: file.read_text(encoding="utf-8")
        for name, file in sorted(found.items())
        if name.endswith(tuple(f".{kind}" for kind in MEDIA))
    }


@cache
def _read(name: str) -> str:
    return (_folder() / name).read_text(encoding="utf-8")


def _folder() -> Traversable:
    return files("loyalty") / "console"


def _data(value: Mapping[str, Any]) -> str:
    """JSON for a data block of a page. Without `<`, no text in it can end the element."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def _menu() -> Iterator[Mapping[str, Any]]:
    """The groups of reports, each with the topics of its reports."""
    for heading, names in REPORTS.items():
        yield {
            "heading": heading,
            "reports": [
                {
                    "name": name,
                    "topic": _topic(name),
                    "isForManagers": reports.report(name).is_for_managers,
                    "hasSteps": reports.report(name).has_steps,
                    "countsDays": reports.report(name).counts_days,
                    "isOfSegments": reports.report(name).never_narrowed is None,
                }
                for name in names
            ],
        }


def _topic(name: str) -> str:
    return reports.report(name).title.partition(":")[0].rstrip(".")


def _on_this_machine(sign_in: ConsoleSettings) -> ConsoleSettings:
    """The local cloud serves the sign-in under the API's own origin."""
    return replace(
        sign_in,
        authorize_url=urlsplit(sign_in.authorize_url).path,
        token_url=urlsplit(sign_in.token_url).path,
        sign_out_url=urlsplit(sign_in.sign_out_url).path,
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
