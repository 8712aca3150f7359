"""What each function is told by its environment, read when it is first needed."""

import os
from dataclasses import dataclass, fields
from functools import cache


class SettingMissing(RuntimeError):
    """The deployment does not say what a function needs to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramSettings:
    table: str
    storefront_secrets: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrollmentSettings:
    table: str
    identity_secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccrualSettings:
    table: str
    identity_secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionSettings:
    table: str
    identity_secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportingSettings:
    table: str
    lake_bucket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhooksSettings:
    table: str
    storefront_secrets: str
    inbox_bucket: str
    intake_queue_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeSettings:
    table: str
    identity_secret: str
    inbox_bucket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySettings:
    bus: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveSettings:
    lake_bucket: str


type _Settings = (
    ProgramSettings
    | EnrollmentSettings
    | AccrualSettings
    | RedemptionSettings
    | ReportingSettings
    | WebhooksSettings
    | IntakeSettings
    | RelaySettings
    | ArchiveSettings
)


@cache
def settings[S: _Settings](kind: type[S]) -> S:
    """The settings of a kind: field `table` is the variable `LOYALTY_TABLE`, and so on.

    Raises:
        SettingMissing: a variable is absent or empty.
    """
    names = {field.name: f"LOYALTY_{field.name.upper()}" for field in fields(kind)}
    missing = [variable for variable in names.values() if not os.environ.get(variable)]
    if missing:
        raise SettingMissing(f"{kind.__name__} needs {', '.join(missing)}")
    return kind(**{name: os.environ[variable] for name, variable in names.items()})
