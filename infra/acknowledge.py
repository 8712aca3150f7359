"""Say why a rule of cdk-nag does not hold for one construct."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, rule: str, *, reason: str) -> None:
    """Acknowledge one finding, on this construct and below it only."""
    Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))
