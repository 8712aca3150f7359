"""A deployed stage: the outputs of its stacks, read with the credentials of the shell."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

STACKS = ("Data", "Service", "Monitoring")


class OperationError(RuntimeError):
    """A command cannot go on. The message says what to do."""


@dataclass(frozen=True)
class Stage:
    """A stage by name. `AWS_PROFILE` and `AWS_REGION` choose the account and the region."""

    name: str

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        return make(service)

    def output(self, key: str) -> str:
        """Return an output of any of the stage's stacks.

        Raises:
            OperationError: no stack of this stage has it.
        """
        found = self.output_if_any(key)
        if found is None:
            raise OperationError(
                f"The stacks of stage {self.name} have no output {key}. Is the stage deployed, and "
                "are AWS_PROFILE and AWS_REGION those of its account?"
            )
        return found

    def output_if_any(self, key: str) -> str | None:
        """Return an output that not every stage has; None: this one has none."""
        return self._outputs.get(key)

    @cached_property
    def _outputs(self) -> dict[str, str]:
        cloudformation, found = self.client("cloudformation"), {}
        for stack in STACKS:
            try:
                described = cloudformation.describe_stacks(
                    StackName=f"Loyalty-{self.name}-{stack}"
                )["Stacks"]
            except ClientError as error:
                if error.response["Error"]["Code"] == "ValidationError":
                    continue
                raise
            for output in described[0].get("Outputs", ()):
                found[output["OutputKey"]] = output["OutputValue"]
        return found


def run(command: Callable[[], int]) -> None:
    """Run a command and exit; a failure is a sentence and not a traceback."""
    try:
        sys.exit(command())
    except (BotoCoreError, ClientError, OperationError) as error:
        sys.exit(f"Failed: {error}")
