"""What an access token says, and for which vouchers there is one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from loyalty.domain.kernel.errors import RewardUnavailable, WrongState
from loyalty.domain.ledger.access import access_claims
from loyalty.domain.ledger.vouchers import State, Terms, Voucher
from loyalty.domain.program.kinds import RewardKind

NOW = datetime(2026, 12, 1, 8, 0, 0, 900_000, tzinfo=UTC)


def voucher(kind: RewardKind = "access", *, state: State = "issued") -> Voucher:
    return Voucher(
        code="K7FQ",
        member_id="mem_1",
        redemption_id="red_1",
        reward_id="harvest",
        points=0,
        slices={},
        state=state,
        issued_at=NOW - timedelta(days=1),
        terms=Terms(kind=kind, name="The harvest", currency="EUR", skus=("HARVEST-26",)),
    )


def test_it_names_the_member_the_reward_its_articles_and_the_voucher() -> None:
    claims = access_claims(voucher(), program_id="bean", audience="online", now=NOW)

    issued_s = int(NOW.timestamp())
    assert claims == {
        "iss": "bean",
        "aud": "online",
        "sub": "mem_1",
        "iat": issued_s,
        "exp": issued_s + 600,
        "jti": f"red_1.{issued_s}",
        "reward": "harvest",
        "skus": ["HARVEST-26"],
        "voucher": "K7FQ",
    }


def test_it_ends_with_the_voucher() -> None:
    soon = NOW + timedelta(minutes=3)

    claims = access_claims(
        replace(voucher(), expires_at=soon), program_id="bean", audience="online", now=NOW
    )

    assert claims["exp"] == int(soon.timestamp())


def test_a_voucher_of_another_kind_opens_nothing() -> None:
    with pytest.raises(RewardUnavailable):
        access_claims(voucher("free_product"), program_id="bean", audience="online", now=NOW)


@pytest.mark.parametrize("state", ["held", "cancelling", "used", "cancelled", "expired"])
def test_only_an_issued_voucher_has_a_token(state: State) -> None:
    with pytest.raises(WrongState):
        access_claims(voucher(state=state), program_id="bean", audience="online", now=NOW)


def test_a_voucher_whose_last_day_is_over_has_none_before_the_sweep_either() -> None:
    over = replace(voucher(), expires_at=NOW)

    with pytest.raises(WrongState):
        access_claims(over, program_id="bean", audience="online", now=NOW)
