"""What each function is told by its environment, read when it is first needed."""

import os
from dataclasses import MISSING, dataclass, fields
from functools import cache


class SettingMissing(RuntimeError):
    """The deployment does not say what a function needs to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramSettings:
    table: str
    storefront_secrets: str
    inbox_bucket: str
    intake_queue_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrollmentSettings:
    table: str
    identity_secret: str
    intake_queue_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccrualSettings:
    table: str
    identity_secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionSettings:
    table: str
    identity_secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSettings:
    """What it takes to tell which member a caller is."""

    table: str
    identity_secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportingSettings:
    table: str
    lake_bucket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportsSettings:
    table: str
    lake_bucket: str
    exports_bucket: str
    exports_queue_url: str


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
    intake_queue_url: str
    storefront_secrets: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodesSettings:
    table: str
    storefront_secrets: str
    codes_queue_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSettings:
    """Where storefronts' platforms are asked, where that is not the platforms' own address.

    For a cloud on one machine; no deployed stage sets it.
    """

    platform_origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySettings:
    bus: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveSettings:
    lake_bucket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactionSettings:
    table: str
    lake_bucket: str
    compaction_queue_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildSettings:
    table: str
    lake_bucket: str
    rebuild_queue_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpirySettings:
    table: str
    sweep_queue_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSettings:
    table: str
    lake_bucket: str
    audit_queue_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacySettings:
    table: str
    identity_secret: str
    inbox_bucket: str
    storefront_secrets: str
    privacy_queue_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindersSettings:
    table: str
    reminders_queue_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationsSettings:
    table: str
    identity_secret: str
    configuration_set: str
    api_url: str
    notifications_queue_url: str
    mail_from: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSettings:
    """The file that says by how many seconds the clock is moved.

    For a cloud on one machine, which alone sets it; no template has it.
    """

    clock_file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhooksOutSettings:
    table: str
    endpoint_secrets: str
    webhooks_out_queue_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalEndpointSettings:
    """Whether endpoints may be on this very machine, in plain HTTP.

    For a cloud on one machine, which alone sets it; no template has it.
    """

    local_endpoints: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSettings:
    """What the tokens' issuer calls the claims that are read; the defaults are Cognito's."""

    groups_claim: str = "cognito:groups"
    token_use_claim: str = "token_use"  # noqa: S105  # the name of a claim
    scopes_claim: str = "scope"
    email_claim: str = "email"
    email_verified_claim: str = "email_verified"
    phone_claim: str = "phone_number"
    phone_verified_claim: str = "phone_number_verified"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLimitSettings:
    """How much of an execution environment's time one person may use: a burst, and for ever.

    A share of 0 is no limit, as on a cloud on one machine, whose slowness says nothing of callers.
    """

    caller_burst_seconds: str = "20"
    caller_share_percent: str = "20"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInSettings:
    """Where people who open a page in a browser sign in (OIDC code flow with PKCE); none: nowhere.

    All three or none. `client_id` is a public client that may come back to the page.
    """

    authorize_url: str = ""
    token_url: str = ""
    client_id: str = ""


type _Settings = (
    ProgramSettings
    | EnrollmentSettings
    | AccrualSettings
    | RedemptionSettings
    | MemberSettings
    | ReportingSettings
    | ExportsSettings
    | WebhooksSettings
    | IntakeSettings
    | CodesSettings
    | PlatformSettings
    | RelaySettings
    | ArchiveSettings
    | CompactionSettings
    | RebuildSettings
    | ExpirySettings
    | PrivacySettings
    | RemindersSettings
    | NotificationsSettings
    | AuditSettings
    | WebhooksOutSettings
    | LocalEndpointSettings
    | ClockSettings
    | ClaimSettings
    | CallerLimitSettings
    | SignInSettings
)


@cache
def settings[S: _Settings](kind: type[S]) -> S:
    """The settings of a kind: field `table` is the variable `LOYALTY_TABLE`, and so on.

    Raises:
        SettingMissing: a variable without a default is absent or empty.
    """
    told: dict[str, str] = {}
    missing: list[str] = []
    for field in fields(kind):
        variable = f"LOYALTY_{field.name.upper()}"
        if value := os.environ.get(variable):
            told[field.name] = value
        elif field.default is MISSING:
            missing.append(variable)
    if missing:
        raise SettingMissing(f"{kind.__name__} needs {', '.join(missing)}")
    return kind(**told)
