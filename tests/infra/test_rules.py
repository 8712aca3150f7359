"""The templates against rules that others wrote: cdk-nag's AwsSolutions and cfn-lint."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct

from infra import acknowledge
from tests.infra.assembly import Assembly, synthesize
from tests.infra.conftest import DOMAIN, FIREWALL

# cfn-lint also knows what regions lack.
REGIONS = ("eu-west-1", "us-east-1", "ap-southeast-2")


def findings(assembly: Assembly) -> set[tuple[str, str | None]]:
    """What cdk-nag has against the app: the rule, and the construct that breaks it."""
    report = AwsSolutionsChecks().validate_scope(assembly.app)
    return {
        (violation.rule_name, resource.construct_path)
        for violation in report.violations
        for resource in violation.violating_resources
    }


def test_both_stages_pass_the_solutions_checks(deployed: Assembly) -> None:
    assert findings(deployed) == set()


def test_a_name_and_a_firewall_pass_the_solutions_checks(addressed: Assembly) -> None:
    assert findings(addressed) == set()


def test_the_checks_catch_that_the_local_cloud_has_no_tls(local: Assembly) -> None:
    rules = {rule for rule, _ in findings(local)}

    assert rules == {"AwsSolutions-S10", "AwsSolutions-SNS3", "AwsSolutions-SQS4"}


def test_every_acknowledgement_answers_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acknowledged: list[tuple[str, str]] = []

    class Recorder:
        """Stands where acknowledgements are given, and lets none through."""

        def __init__(self, construct: IConstruct) -> None:
            self._path = construct.node.path

        @classmethod
        def of(cls, construct: IConstruct) -> Recorder:
            return cls(construct)

        def acknowledge(self, rule: Any) -> None:
            acknowledged.append((rule.id, self._path))

    monkeypatch.setattr(acknowledge, "Validations", Recorder)

    found = findings(synthesize(tmp_path, domain=DOMAIN, firewall=FIREWALL))

    idle = [
        (rule, path)
        for rule, path in acknowledged
        if not any(rule == broken and str(where).startswith(path) for broken, where in found)
    ]
    assert acknowledged
    assert idle == []


def test_every_option_of_a_stage_passes_the_solutions_checks(optional: Assembly) -> None:
    assert findings(optional) == set()


def test_cloudformation_would_accept_the_templates_in_three_regions(
    addressed: Assembly, optional: Assembly
) -> None:
    """A stage for trying and one for production, each with all it may ask for: others have less."""
    # W3005: the CDK names a role in DependsOn beside its policy, though a GetAtt names it too.
    cfn_lint = Path(sys.executable).with_name("cfn-lint")
    options = ("--regions", *REGIONS, "--ignore-checks", "W3005", "--")
    # All at once: to read what AWS knows takes longer than to hold a template against it.
    templates = [file for each in (addressed, optional) for file in each.template_files]

    linted = subprocess.run(
        [cfn_lint, *options, *templates], capture_output=True, text=True, check=False
    )

    assert len(templates) == 8
    assert linted.stdout + linted.stderr == ""
    assert linted.returncode == 0
