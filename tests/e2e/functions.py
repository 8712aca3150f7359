"""The functions of a deployed stack, found by what they are for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from local.deployment import Deployment

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import FunctionConfigurationTypeDef


def function(deployed: Deployment, name: str) -> "FunctionConfigurationTypeDef":
    """The deployed function of a name; what else tests put into the cloud has no such name."""
    listed = deployed.cloud.aws.functions.list_functions()["Functions"]
    (found,) = (each for each in listed if variables_of(each).get("LOYALTY_SERVICE") == name)
    return found


def variables_of(function: "FunctionConfigurationTypeDef") -> dict[str, str]:
    return dict(function.get("Environment", {}).get("Variables", {}))


@contextmanager
def asking(deployed: Deployment, name: str, *, origin: str) -> Iterator[None]:
    """Let a function take a server of this machine for the platforms' own."""
    found, functions = function(deployed, name), deployed.cloud.aws.functions
    variables = variables_of(found)

    def configure(variables: dict[str, str]) -> None:
        functions.update_function_configuration(
            FunctionName=found["FunctionName"], Environment={"Variables": variables}
        )

    configure(variables | {"LOYALTY_PLATFORM_ORIGIN": origin})
    try:
        yield
    finally:
        configure(variables)
