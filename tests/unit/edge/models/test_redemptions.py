"""Redemptions and rewards, as the API answers them."""

import inspect
import re

from loyalty.domain.kernel import errors
from loyalty.domain.ledger import redemptions
from loyalty.edge.models.redemptions import WHY_NOT


def test_the_codes_of_why_not_are_those_of_the_refusals_that_the_rule_gives() -> None:
    names = re.findall(r"return (\w+)\(", inspect.getsource(redemptions.why_not))

    assert {getattr(errors, name).code for name in names} == set(WHY_NOT)
