"""How somebody is recognized in what shops delivered."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.erasure import Erasure, NamedText, texts_in
from loyalty.domain.people.identity import Identity

EMAIL = Identity("email", "ana@example.com")
PHONE = Identity("phone", "+33612345678")
CUSTOMER = Identity("customer", "4711", "shop")
CARD = Identity("card", "6034-1")

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="@"), max_size=12)
BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(TEXTS, parts, max_size=3),
    max_leaves=12,
)


def of(*identities: Identity, **parts: Any) -> Erasure:
    begun_at = datetime(2026, 11, 21, tzinfo=UTC)
    return Erasure(erasure_id="e", begun_at=begun_at, identities=identities, **parts)


def is_about(erasure: Erasure, body: Any, *, source: str = "shop", order: str = "1") -> bool:
    return erasure.is_about(source, order, tuple(texts_in(json.dumps(body).encode())))


@given(body=BODIES, names=st.lists(TEXTS, max_size=4))
def test_an_address_is_found_at_any_depth(body: Any, names: list[str]) -> None:
    nested: Any = EMAIL.value
    for name in names:
        nested = {name: [nested, body]}

    assert is_about(of(EMAIL), nested)
    assert not is_about(of(EMAIL), body)


@given(body=st.binary(max_size=80) | BODIES.map(lambda body: json.dumps(body).encode()))
def test_no_body_fails_the_search(body: bytes) -> None:
    assert all(isinstance(each, NamedText) for each in texts_in(body))


def test_a_body_nested_too_deeply_is_searched_as_one_text() -> None:
    body = b"[" * 100_000 + EMAIL.value.encode()

    assert of(EMAIL).is_about("shop", None, tuple(texts_in(body)))


@pytest.mark.parametrize(
    "text",
    ["ana@example.com", "ANA@Example.com", "Ana <ana@example.com>", "write to ana@example.com."],
)
def test_an_address_is_recognized_in_any_spelling(text: str) -> None:
    assert is_about(of(EMAIL), {"note": text})


@pytest.mark.parametrize(
    "text",
    ["susana@example.com", "j.ana@example.com", "ana@example.com.au", "ana@example.community"],
)
def test_a_longer_address_belongs_to_somebody_else(text: str) -> None:
    assert not is_about(of(EMAIL), {"note": text})


@pytest.mark.parametrize(
    "text",
    ["+33612345678", "+33 6 12 34 56 78", "06 12 34 56 78", "0033612345678", "06.12.34.56.78"],
)
def test_a_phone_is_recognized_as_people_write_it(text: str) -> None:
    assert is_about(of(PHONE), {"phone": text})


@pytest.mark.parametrize(
    "text", ["345678", "+33612345679", "call 0612345678 at noon", "2026-11-21"]
)
def test_a_part_of_a_number_is_not_recognized(text: str) -> None:
    assert not is_about(of(PHONE), {"phone": text})


@pytest.mark.parametrize(
    "body",
    [
        {"customer": {"id": 4711}},
        {"customer_id": 4711},
        {"data": {"object": {"customer": "4711"}}},
        {"payment": {"customer_id": "4711"}},
        {"review": {"reviewer": {"external_id": 4711}}},
        {"identities": [{"kind": "customer", "value": "4711"}]},
    ],
)
def test_a_customer_is_recognized_by_their_id_in_their_shop(body: dict[str, Any]) -> None:
    assert is_about(of(CUSTOMER), body)
    assert not is_about(of(CUSTOMER), body, source="another")


@pytest.mark.parametrize(
    "body",
    [
        {"id": 4711},
        {"line_items": [{"quantity": 4711}]},
        {"x": "4711"},
        {"product": {"external_id": 4711}},
        {"identities": [{"kind": "card", "value": "4711"}]},
        {"identities": [{"kind": "customer", "value": "4711", "source": "another"}]},
    ],
)
def test_the_same_number_of_anything_else_is_no_customer(body: dict[str, Any]) -> None:
    assert not is_about(of(CUSTOMER), body)


def test_a_customer_of_a_shop_is_recognized_in_what_another_source_sends() -> None:
    body = {"identities": [{"kind": "customer", "value": "4711", "source": "shop"}]}

    assert is_about(of(CUSTOMER), body, source="reviews")


def test_an_activity_is_about_the_member_whose_id_it_names() -> None:
    theirs = of(member_ids=("mem_ana", "mem_twin"))

    assert is_about(theirs, {"activity_id": "r-81", "member_id": "mem_twin"}, source="reviews")
    assert not is_about(theirs, {"member_id": "mem_bob", "subject": "mem_ana"}, source="reviews")


def test_a_card_is_recognized_by_its_whole_number() -> None:
    assert is_about(of(CARD), {"note_attributes": [{"name": "card", "value": "6034-1"}]})
    assert not is_about(of(CARD), {"value": "6034-12"})
    assert not is_about(of(Identity("card", "1")), {"quantity": "1"})


def test_an_order_of_the_person_is_about_them_whatever_it_contains() -> None:
    theirs = of(orders=frozenset({OrderRef("shop", "77")}))

    assert is_about(theirs, {}, order="77")
    assert not is_about(theirs, {}, order="78")
    assert not is_about(theirs, {}, source="another", order="77")


def test_a_shop_cannot_erase_deliveries_of_another_shop() -> None:
    assert is_about(of(EMAIL, source="shop"), {"email": EMAIL.value})
    assert not is_about(of(EMAIL, source="another"), {"email": EMAIL.value})
