"""The documentation, compared with the code that it describes."""

import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from infra.routes import CATCH_ALL, ROUTES
from loyalty.domain.program.document import Program, Transfers
from loyalty.domain.program.earning_rules import EarningRule
from loyalty.domain.program.levels import (
    TierLevel,
)
from loyalty.domain.program.rewards import PayWithPoints, Reward
from loyalty.edge.http.problems import STATUS
from tests.support.markdown import DOCS, ROOT, rows, text_of

PAGES = sorted(
    (*ROOT.glob("*.md"), *DOCS.glob("*.md"), *DOCS.glob("adr/*.md"), *ROOT.glob("examples/*.md"))
)
ROLES = {"analyst", "cashier", "manager", "member", "service"}


def anchors(page: Path) -> set[str]:
    """What the headings of a page are called in links."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_has_a_target(page: Path) -> None:
    prose = re.sub(r"^```.*?^```", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\(([^)\s]+)\)", prose)

    lost = []
    for link in links:
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)

    assert lost == []


@pytest.mark.parametrize("page", ["SECURITY.md", "CONTRIBUTING.md"])
def test_every_path_of_a_test_that_a_page_names_exists(page: str) -> None:
    named = re.findall(r"\b(tests/[\w/.]+\w)", text_of(ROOT / page))

    assert len(named) > 6
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_page_of_the_api_names_every_code_with_its_status() -> None:
    documented = {
        code.strip("`"): int(status)
        for status, code, _ in rows(DOCS / "api.md", head="status | code")
    }

    assert documented == {code: status.value for code, status in STATUS.items()} | {
        "internal_error": 500
    }


def test_the_page_of_the_api_names_every_route_and_who_may() -> None:
    prefix = "/v1/programs/{program_id}"
    described = json.loads(text_of(DOCS / "openapi.json"))["paths"]
    expected = {}
    for route in ROUTES:
        if route.path != CATCH_ALL:
            name = f"{route.method} {route.path.removeprefix(prefix)}".strip()
            (who,) = re.findall(
                r"^For: (.+)\.$",
                described[route.path][route.method.lower()]["description"],
                re.MULTILINE,
            )
            expected[name] = set(who.removesuffix(", without a token").split(", "))

    documented = {
        name.strip("`"): {
            role for each in who.split(", ") for role in (ROLES if each == "all" else [each])
        }
        for head in ("route | for", "route of the deployment | for")
        for name, who, _ in rows(DOCS / "api.md", head=head)
    }

    assert documented == expected


def test_the_page_of_the_program_has_a_section_for_every_field() -> None:
    headings = re.findall(r"^### (\w+)$", text_of(DOCS / "program.md"), re.MULTILINE)

    assert sorted(headings) == sorted(Program.model_fields)


@pytest.mark.parametrize("part", [EarningRule, Reward, TierLevel, Transfers, PayWithPoints])
def test_the_page_of_the_program_names_every_field_of_a_part(part: type[BaseModel]) -> None:
    text = text_of(DOCS / "program.md")

    names = [field.alias or name for name, field in part.model_fields.items()]
    assert [name for name in names if not re.search(rf'[`"]{name}[`"]', text)] == []


def test_the_list_of_decisions_names_every_page() -> None:
    pages = {page.name for page in DOCS.glob("adr/[0-9]*.md")}

    assert (
        set(re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", text_of(DOCS / "adr" / "README.md"))) == pages
    )


def test_the_list_of_decisions_has_their_titles() -> None:
    listed = dict(
        re.findall(
            r"^\| \[(\d{4})\]\([^)]+\) \| (.+) \|$",
            text_of(DOCS / "adr" / "README.md"),
            re.MULTILINE,
        )
    )

    titles = [text_of(page).split("\n")[0] for page in DOCS.glob("adr/[0-9]*.md")]

    assert {f"# {number} {title}" for number, title in listed.items()} == set(titles)


def test_a_decision_says_context_decision_consequences_and_what_else_was_considered() -> None:
    for page in DOCS.glob("adr/[0-9]*.md"):
        headings = re.findall(r"^## (.+)$", text_of(page), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences", "Considered"], page.name


def test_the_page_of_the_architecture_names_every_function() -> None:
    functions = {path.parent.name for path in ROOT.glob("functions/*/handler.py")}

    named = re.findall(r"^\| \[`(\w+)`\]", text_of(DOCS / "architecture.md"), re.MULTILINE)

    assert set(named) == functions


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_source_file_that_a_page_names_exists(page: Path) -> None:
    """Paths are from the root, or from the package."""
    package = ROOT / "layers" / "loyalty" / "python" / "loyalty"
    named = re.findall(r"`([\w./-]+/[\w.-]+\.(?:py|sql|js|mjml))(?::[^`]*)?`", text_of(page))

    assert [
        path for path in named if not (ROOT / path).exists() and not (package / path).exists()
    ] == []


def test_every_log_message_that_a_page_filters_by_is_logged() -> None:
    filtered = {
        message for page in PAGES for message in re.findall(r'message = "([^"]+)"', text_of(page))
    }
    sources = [*ROOT.glob("functions/*/*.py"), *ROOT.glob("layers/loyalty/python/**/*.py")]
    code = "\n".join(map(text_of, sources))

    assert len(filtered) > 8
    assert [message for message in sorted(filtered) if f'"{message}"' not in code] == []
