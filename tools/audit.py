"""Ask for known vulnerabilities of what is shipped, and of nothing that only develops it.

    python -m tools.audit              fails where there are some, or where nobody answers
    python -m tools.audit --if-answered   fails never: a build must not wait for a service

pip-audit looks the locked versions up at the package index. It calls it a success when the index
answers for none of them; here that is said plainly, since nothing is known then.
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
    """What the service said: how many packages it knew, those it did not, and what is wrong."""

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
    """What a report of pip-audit in JSON says; one that is no report says nothing."""
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
