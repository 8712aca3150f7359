"""A text tells by its shape what it may name."""

from dataclasses import astuple

import pytest

from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.identity import Identity
from loyalty.domain.search import Candidates, candidates_of


@pytest.mark.parametrize("text", ["Ana@Example.com", " Ana <ana@example.com> "])
def test_a_text_with_an_at_sign_is_an_e_mail_and_nothing_else(text: str) -> None:
    assert candidates_of(text) == Candidates(identities=(Identity("email", "ana@example.com"),))


@pytest.mark.parametrize("text", ["+33 6 12 34 56 78", "0033 612-345-678", "+33 (6) 12.34.56.78"])
def test_a_phone_has_its_country_code(text: str) -> None:
    assert Identity("phone", "+33612345678") in candidates_of(text).identities


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("0612345678", "FR", "+33612345678"),
        ("(617) 555-0123", "US", "+16175550123"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("3312 345678", "IT", "+393312345678"),
    ],
)
def test_a_phone_may_be_typed_as_in_its_country(text: str, region: str, number: str) -> None:
    assert Identity("phone", number) in candidates_of(text, regions=("AQ", region)).identities
    assert not any(each.kind == "phone" for each in candidates_of(text).identities)


@pytest.mark.parametrize("text", ["5001", "+33 6 12 34 56 78", "0033612345678"])
def test_a_country_changes_nothing_for_other_texts(text: str) -> None:
    assert candidates_of(text, regions=("FR",)) == candidates_of(text)


@pytest.mark.parametrize(
    "named",
    [
        Candidates(member_ids=("mem_01KAJ6Y0T2Q8Z5W3E7R9V4B1NC",)),
        Candidates(redemption_ids=("red_5f0c1d7e9a3b4c62",)),
        Candidates(events=("evt_9b1f5c7d2e804a36",)),
        Candidates(deliveries=("20261121T100001512000Z." + "0123456789" * 4,)),
    ],
)
def test_our_own_ids_name_one_kind_of_thing(named: Candidates) -> None:
    ((text,),) = filter(None, astuple(named))

    assert candidates_of(f" {text} ") == named


@pytest.mark.parametrize("text", ["till/2001", "till #2001", "till 2001", "till#2001"])
def test_an_order_may_come_with_its_source(text: str) -> None:
    assert candidates_of(text).orders == (OrderRef("till", "2001"),)


@pytest.mark.parametrize(
    "text",
    [
        "5001",
        "#5001",
        "gid://shopify/Order/5001",
        "https://admin.shopify.com/store/bean/orders/5001?x=1#y",
    ],
)
def test_an_id_of_a_shop_may_be_shown_in_many_ways(text: str) -> None:
    assert candidates_of(text).ids == ("5001",)


@pytest.mark.parametrize("text", ["mprmht5pr2cpb6h3", "MPRM HT5P R2CP B6H3", "MPRM-HT5P-R2CP-B6H3"])
def test_a_vouchers_code_may_be_written_in_groups(text: str) -> None:
    assert candidates_of(text).codes == ("MPRMHT5PR2CPB6H3",)


def test_a_cards_number_may_be_written_in_groups() -> None:
    assert Identity("card", "603412345678") in candidates_of("6034 1234 5678").identities


@pytest.mark.parametrize(
    "text",
    ["", " \t\n", "☕" * 200, "<script>alert(1)</script>", "@", "a@", "<@>", "\x00", "x" * 500,
     "://", "+", "+00", "00" * 20, "/", "#", "é", "\u202e5001", "mem_", "\u0665\u0660\u0660\u0661"],
)  # fmt: skip
def test_other_texts_name_nothing_that_is_ours(text: str) -> None:
    candidates = candidates_of(text)

    assert (candidates.orders, candidates.codes, candidates.deliveries) == ((), (), ())
    assert all(each.isascii() for each in candidates.ids)
    assert all(each.kind == "card" for each in candidates.identities)
