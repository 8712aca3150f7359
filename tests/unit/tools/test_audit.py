"""The audit says what is known, and never takes silence for a clean bill."""

import json
from typing import Any

import pytest

from tools import audit
from tools.audit import UNANSWERED, VULNERABLE

CLEAN = {"name": "idna", "version": "3.20", "vulns": []}
SKIPPED = {"name": "jinja2", "skip_reason": "Dependency not found on PyPI"}
HOLED = {
    "name": "babel",
    "version": "2.9.0",
    "vulns": [{"id": "PYSEC-2021-421", "fix_versions": ["2.9.1"], "aliases": []}],
}


def report(*dependencies: dict[str, Any]) -> str:
    return json.dumps({"dependencies": dependencies, "fixes": []})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Traceback (most recent call last)",
        "{}",
        report(),
        report(SKIPPED, SKIPPED),
    ],
)
def test_a_service_that_does_not_respond_is_not_taken_for_no_vulnerabilities(text: str) -> None:
    found = audit.read(text)

    assert found.status == UNANSWERED
    assert "nothing is known" in str(found)


def test_packages_without_known_vulnerabilities_pass() -> None:
    found = audit.read(report(CLEAN))

    assert (found.status, found.answered) == (0, 1)
    assert "No known vulnerabilities" in str(found)


def test_a_package_that_was_not_looked_up_is_named() -> None:
    found = audit.read(report(CLEAN, SKIPPED))

    assert found.status == UNANSWERED
    assert "jinja2" in str(found)


def test_a_vulnerability_is_named_with_the_version_that_fixes_it() -> None:
    found = audit.read(report(CLEAN, HOLED, SKIPPED))

    assert found.status == VULNERABLE
    assert "babel 2.9.0: PYSEC-2021-421, mended in 2.9.1" in str(found)
    assert "No known" not in str(found)


def test_a_build_is_never_failed_by_a_service(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "audit", lambda: audit.read(report(HOLED)))

    assert audit.main(["--if-answered"]) == 0
    assert audit.main([]) == VULNERABLE
    assert "PYSEC-2021-421" in capsys.readouterr().out
