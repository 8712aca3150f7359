"""Vouchers of an erased member end with them; nobody gets their points."""

from loyalty.domain.ledger.approvals import RequestedAdjustment
from loyalty.domain.ledger.corrections import close
from loyalty.usecases.ledger.corrections import adjust
from loyalty.usecases.ledger.redemption import (
    RequestedReward,
    end_cancelling,
    end_vouchers,
    give_code,
    redeem_reward,
    use_voucher,
    voucher_of,
)
from tests.simulation.requests.points import WHY
from tests.support.documents import reward
from tests.support.memory import Shop


def shop() -> Shop:
    cafe = Shop("ana", rewards=[reward(id="latte", cost_points=10)])
    adjustment = RequestedAdjustment(points=100, why=WHY)
    adjust("ana", adjustment=adjustment, request_id="gift", allowance=None, desk=cafe.desk)
    return cafe


def redeemed(cafe: Shop, key: str, *, hold: bool = False) -> str:
    request = RequestedReward(reward_id="latte", hold=hold)
    recorded = redeem_reward("ana", request=request, request_id=key, desk=cafe.desk)
    code: str = recorded.entry.detail.code  # type: ignore[union-attr]  # a redemption's
    return code


def erased(cafe: Shop) -> None:
    account = cafe.desk.books.account("ana", strong=True)
    assert account is not None
    cafe.desk.books.post(close(account, program=cafe.program, now=cafe.now))
    for _ in range(2):
        end_vouchers("ana", desk=cafe.desk)


def test_what_is_held_or_issued_ends_and_what_was_used_stays_so() -> None:
    cafe = shop()
    held, issued, used = (redeemed(cafe, key, hold=key == "held") for key in ("held", "b", "c"))
    use_voucher(used, request_id="u1", order=None, desk=cafe.desk)

    erased(cafe)

    states = [voucher_of(code, desk=cafe.desk).state for code in (held, issued, used)]
    assert states == ["cancelled", "cancelled", "used"]
    assert cafe.account("ana").balance == 0


def test_a_shop_lets_go_of_the_code_first() -> None:
    cafe = shop()
    code = redeemed(cafe, "k1")
    give_code(code, storefront_id="online", desk=cafe.desk)

    erased(cafe)

    assert voucher_of(code, desk=cafe.desk).state == "cancelling"
    assert end_cancelling(code, was_used=False, desk=cafe.desk).state == "cancelled"
