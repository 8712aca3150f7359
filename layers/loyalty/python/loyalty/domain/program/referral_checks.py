"""What must hold of a program's referrals before they are published."""

from collections.abc import Iterator

from loyalty.domain.kernel.errors import Fault
from loyalty.domain.program import condition_checks
from loyalty.domain.program.document import Program
from loyalty.domain.program.given_rewards import given_gift
from loyalty.domain.program.referrals import Referrals


def checks(document: Program) -> Iterator[Iterator[Fault]]:
    """The checks of the referrals, if the document has any."""
    yield _referrals(document)


def _referrals(document: Program) -> Iterator[Fault]:
    referrals = document.referrals
    if referrals is None:
        return
    yield from condition_checks.selector(referrals.counts.of, document, "/referrals/counts/of")
    yield from _gifts(referrals, document)
    yield from _signals(referrals)


def _gifts(referrals: Referrals, document: Program) -> Iterator[Fault]:
    if referrals.referrer is None and referrals.friend is None:
        detail = "Give the member or the friend something"
        yield Fault("/referrals/referrer", "gift_unclear", detail)
    for side, gift in (("referrer", referrals.referrer), ("friend", referrals.friend)):
        if gift is not None:
            yield from given_gift(gift, document, f"/referrals/{side}")


def _signals(referrals: Referrals) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, each in enumerate(referrals.signals):
        place = f"/referrals/signals/{index}"
        if each.signal in seen:
            yield Fault(f"{place}/signal", "duplicate_id", "This signal is there already")
        seen.add(each.signal)
        if (each.signal == "network") != (each.per_week_max is not None):
            detail = "Only `network` has a limit in a week, and it needs one"
            yield Fault(f"{place}/per_week_max", "contradiction", detail)
