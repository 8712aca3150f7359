"""How the name of a function or a queue is spelled where an underscore is not possible or usual."""

from __future__ import annotations


def pascal(name: str) -> str:
    """`WebhooksOut` of `webhooks_out`: for construct ids and outputs."""
    return "".join(part.capitalize() for part in name.replace("-", "_").split("_"))


def kebab(name: str) -> str:
    """`webhooks-out` of `webhooks_out`: for alarms and schedules."""
    return name.replace("_", "-")
