"""What pays for a plan earns only where a rule or a campaign says so."""

from typing import Final

from loyalty.domain.campaigns.awards import full_award
from loyalty.domain.campaigns.planning import AwardContext
from loyalty.domain.earning.fees import with_fees
from tests.support.campaigns import campaign
from tests.support.documents import program, rule
from tests.support.orders import line, order, order_of

PLANS: Final = [
    {"id": "prime", "name": "Prime", "billing": [{"skus": ["YEAR"], "months": 12}]},
]
BOUGHT: Final = order(line(2900, "fee", sku="YEAR"), line(500, "latte"))


def test_a_fee_earns_nothing_unless_the_program_says_so() -> None:
    double = campaign(id="double", effect={"kind": "multiply", "percent": 200})
    plain = program(plans=PLANS, earning_rules=[rule()], campaigns=[double])
    earning = program(plans=PLANS, earning_rules=[rule(also_earn_on=["fee"])])

    points = [
        full_award(BOUGHT, bought=BOUGHT, program=each, context=AwardContext()).points
        for each in (plain, earning)
    ]

    assert points == [10, 34]


def test_an_order_without_a_fee_is_left_as_it_is() -> None:
    plain = order_of(500)

    assert with_fees(plain, program(plans=PLANS)) is plain
    assert with_fees(BOUGHT, program()) is BOUGHT
