"""Look up known vulnerabilities of the shipped packages, not of those that only develop them.

    python -m tools.audit                 fails on a vulnerability, or if the service is silent
    python -m tools.audit --if-answered   never fails: a build must not wait for a service

pip-audit looks up the locked versions at the package index. It reports success even if the index
answers for none of them. This tool says then that nothing was audited.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tools.bootstrap import REQUIREMENTS
from tools.build import THIRD_PARTY

SERVICE_TIMEOUT_S: Final = 10
RUN_TIMEOUT_S: Final = 120
VULNERABLE: Final = 1
UNANSWERED: Final = 2


@dataclass(frozen=True, slots=True)
class Audited:
    """The service's report: the number of packages it knew, those it did not, and what it found."""

    answered: int
    unknown: tuple[str, ...]
    vulnerabilities: tuple[str, ...]

    @property
    def status(self) -> int:
        if self.vulnerabilities:
            return VULNERABLE
        return UNANSWERED if self.unknown or not self.answered else 0

    def __str__(self) -> str:
        if not self.answered:
            return "Not audited: the vulnerability service does not answer, so nothing is known."
        lines = [f"Audited {self.answered} shipped packages.", *self.vulnerabilities]
        if self.unknown:
            lines.append(f"Not audited, for the service does not know: {', '.join(self.unknown)}")
        if not self.vulnerabilities:
            lines.append("No known vulnerabilities in those.")
        return "\n".join(lines)


def read(report: str) -> Audited:
    """Read a JSON report of pip-audit; text that is not a report counts as no answer."""
    try:
        dependencies: list[dict[str, Any]] = json.loads(report)["dependencies"]
    except (ValueError, KeyError):
        return Audited(0, (), ())
    return Audited(
        answered=sum("version" in each for each in dependencies),
        unknown=tuple(each["name"] for each in dependencies if "version" not in each),
        vulnerabilities=tuple(
            f"{each['name']} {each['version']}: {found['id']}"
            + (f", mended in {', '.join(found['fix_versions'])}" if found["fix_versions"] else "")
            for each in dependencies
            for found in each.get("vulns", ())
        ),
    )


def audit() -> Audited:
    locks = [f"--requirement={REQUIREMENTS / lock}" for lock in THIRD_PARTY.values()]
    command = [
        *(sys.executable, "-m", "pip_audit", *locks, "--require-hashes", "--disable-pip"),
        *("--format=json", "--progress-spinner=off", f"--timeout={SERVICE_TIMEOUT_S}"),
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=RUN_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        return Audited(0, (), ())
    return read(done.stdout)


def main(arguments: Sequence[str]) -> int:
    found = audit()
    print(found)
    return 0 if "--if-answered" in arguments else found.status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
