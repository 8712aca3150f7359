"""Codes for friends and digests of signals: both derive from the deployment's identity keys.

A code is stored when it is first asked for, so it stays what it is when the keys are replaced.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from loyalty.domain.engagement.referral_signals import network_of
from loyalty.domain.engagement.referrals import CODE_CHARACTERS

if TYPE_CHECKING:
    from loyalty.domain.people.identity import Keyring
    from loyalty.domain.program.kinds import SignalName


def code_for_friends(member_id: str, *, program_id: str, keyring: Keyring) -> str:
    """The code of a member: 50 bits in ten characters that a person can read out."""
    sealed = keyring.seal("referral", program_id, member_id)
    return base64.b32encode(sealed).decode()[:CODE_CHARACTERS]


def signal_digests(
    *, device: str | None, address: str | None, program_id: str, keyring: Keyring
) -> dict[SignalName, str]:
    """What stands for a device, and for the network of an IP address, as far as they are known."""
    values: dict[SignalName, str | None] = {
        "device": device,
        "network": network_of(address) if address else None,
    }
    return {
        name: keyring.seal("signal", program_id, name, value).hex()[:32]
        for name, value in values.items()
        if value is not None
    }
