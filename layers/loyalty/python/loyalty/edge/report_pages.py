"""A report as one file that contains its data, and the names that reports are drawn with.

The file draws with the scripts of the console's reports (`console/draw.js` and what it imports)
from the API's JSON, so both format figures the same way.
"""

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any, Final

from loyalty.edge import console
from loyalty.edge.console import HtmlPage
from loyalty.lake.reports import Table

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program

_STYLES: Final = ("base.css", "reports.css")
_IMPORT: Final = re.compile(r'^import \{[^}]*\} from "\./([\w.]+)";\n', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=const|function)", re.MULTILINE)
_START: Final = """\
show(JSON.parse(document.getElementById("answer").textContent), document.getElementById("report"));
"""


def page(answer: Mapping[str, Any]) -> HtmlPage:
    """A report as one file that loads nothing else, to read, keep, send and print."""
    library = console.text_of("plot.js")
    style = "\n".join(map(console.text_of, _STYLES))
    drawing = "\n".join((*map(_without_modules, _scripts("draw.js")), _START))
    scripts = " ".join(map(_source_of, (library, drawing)))
    policy = console.policy(f"script-src {scripts}", f"style-src {_source_of(style)}")
    written = Template(_template()).substitute(
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


def _scripts(name: str) -> list[str]:
    """A script of the console and all that it imports, those before it that it needs."""
    found: dict[str, None] = {}

    def visit(name: str) -> None:
        for imported in _IMPORT.findall(console.text_of(name)):
            visit(imported)
        found.setdefault(name)

    visit(name)
    return list(found)


def _without_modules(name: str) -> str:
    """A script as a part of a larger one. No two of those that draw reports share a name."""
    return _EXPORT.sub("", _IMPORT.sub("", console.text_of(name)))


def names(table: Table, document: "Program") -> dict[str, dict[str, str]]:
    """The document's names for the ids in a table, by unit. Earning rules have only their ids."""
    campaigns = {each.id: each.name for each in document.campaigns}
    called = {
        "campaign": campaigns,
        "activity": {each.id: each.name for each in document.activities},
        "challenge": {each.id: each.name for each in document.challenges},
        # Campaigns stand beside the rules.
        "rule": campaigns,
        "level": {each.id: each.name for each in document.tiers.levels} if document.tiers else {},
        "reward": {each.id: each.name for each in document.rewards},
        "group": {each.id: each.name for each in document.segments},
        "survey": {each.id: each.question for each in document.surveys},
    }
    names_by_unit: dict[str, dict[str, str]] = {}
    for place, column in enumerate(table.columns):
        ids = {row[place] for row in table.rows} if column.unit in called else set()
        found = {id_: name for id_, name in called.get(column.unit, {}).items() if id_ in ids}
        if found:
            names_by_unit.setdefault(column.unit, {}).update(found)
    return names_by_unit


def _template() -> str:
    return files("loyalty").joinpath("console", "report.html").read_text(encoding="utf-8")


def _source_of(inline: str) -> str:
    """The source expression of a Content-Security-Policy for an inline script or style."""
    digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
    return f"'sha256-{digest}'"
