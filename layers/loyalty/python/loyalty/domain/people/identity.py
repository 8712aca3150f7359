"""Identities of people in normal form, and the digests by which they are found.

Keys of the table never hold an identity but a keyed digest of it. The keys of the digests have
versions: while one key replaces another, an identity is looked up under each.
"""

from __future__ import annotations

import hmac
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, get_args

type IdentityKind = Literal["email", "phone", "customer", "card", "subject"]

KINDS: Final[tuple[IdentityKind, ...]] = get_args(IdentityKind.__value__)
SUBJECT_CHARACTERS_MAX: Final = 255

_EXTERNAL_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class NotAnIdentity(ValueError):
    """The text cannot be an identity of its kind; the message says why."""


@dataclass(frozen=True, slots=True)
class Identity:
    """`value` is in normal form; only a customer's id has a `source`, the shop that assigned it."""

    kind: IdentityKind
    value: str
    source: str = ""


class Digest(NamedTuple):
    """What stands for an identity in keys; `version` names the secret key that made it."""

    kind: IdentityKind
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class Keyring:
    """The secret keys of a deployment by version; new digests are made with the `current` one.

    A key is replaced in two steps: first every function gets the new key beside the current one,
    then the new one becomes current. So two functions never disagree about where to look.
    """

    keys: Mapping[str, bytes]
    current: str

    def __post_init__(self) -> None:
        if self.current not in self.keys:
            raise ValueError("the current key is not on the ring")

    def digest(self, identity: Identity, *, program_id: str) -> Digest:
        return self._digest(identity, program_id, self.current)

    def digests(self, identity: Identity, *, program_id: str) -> Iterator[Digest]:
        """The identity's digest under each key, the current one first."""
        for version in sorted(self.keys, key=lambda version: version != self.current):
            yield self._digest(identity, program_id, version)

    def seal(self, *parts: str) -> bytes:
        """32 bytes that derive from the parts and that nobody without the key can guess."""
        return hmac.digest(self.keys[self.current], _canonical("seal", *parts), "sha256")

    def _digest(self, identity: Identity, program_id: str, version: str) -> Digest:
        named = _canonical("identity", program_id, identity.kind, identity.source, identity.value)
        digest = hmac.digest(self.keys[version], named, "sha256").hex()
        return Digest(identity.kind, version, digest)


def identify(
    kind: IdentityKind, value: str, *, source: str = "", region: str | None = None
) -> Identity:
    """The identity that a caller's text names, in normal form.

    A phone number without a country code is one of the `region` (ISO 3166-1 alpha-2), if there is
    one.

    Raises:
        NotAnIdentity: it cannot be one of this kind.
    """
    if kind == "customer":
        return Identity(kind, _external_id(value), _external_id(source, what="The shop's name"))
    if source:
        raise NotAnIdentity("Only a customer's id can have a source.")
    match kind:
        case "email":
            return Identity(kind, _email(value))
        case "phone":
            return Identity(kind, _phone(value, region))
        case "card":
            return Identity(kind, _external_id(value))
        case "subject":
            if not 0 < len(value) <= SUBJECT_CHARACTERS_MAX:
                raise NotAnIdentity("A token's subject has 1 to 255 characters.")
            return Identity(kind, value)


def _email(value: str) -> str:
    # The import takes a tenth of a second, with IDNA's tables: only requests with an e-mail pay it.
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415  # see above

    try:
        # A `.test` domain is allowed for trying out; no mail server is contacted.
        checked = validate_email(value.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise NotAnIdentity(str(error)) from None
    # By the standard only the domain ignores case, but no mailbox in use tells Ana from ana.
    return unicodedata.normalize("NFC", checked.normalized.lower())


def _phone(value: str, region: str | None) -> str:
    from phonenumbers import (  # noqa: PLC0415  # as slow as the other
        NumberParseException,
        PhoneNumberFormat,
        format_number,
        is_possible_number,
        parse,
    )

    try:
        number = parse(value, region)
    except NumberParseException:
        number = None
    # Possible, not valid: new number ranges open faster than the library is updated.
    if number is None or not is_possible_number(number):
        raise NotAnIdentity("Write a phone number with its country code, as +33 6 12 34 56 78.")
    if number.extension:
        raise NotAnIdentity("A phone number must not have an extension.")
    return format_number(number, PhoneNumberFormat.E164)


def _external_id(value: str, *, what: str = "This") -> str:
    if not _EXTERNAL_ID.fullmatch(value):
        raise NotAnIdentity(f"{what} has 1 to 64 of the characters A-Z a-z 0-9 . _ : -")
    return value


def _canonical(*parts: str) -> bytes:
    return json.dumps(parts, separators=(",", ":")).encode()
