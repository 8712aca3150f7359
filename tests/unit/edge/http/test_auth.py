"""The roles of a token's owner within a program."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.kernel.errors import Forbidden, NotFound
from loyalty.edge.http.auth import STAFF, ClaimSettings, Kind, Principal, Verified
from loyalty.edge.http.auth import principal_of as principal_under
from tests.support.http import EVERY_KIND, Claims, operator, person, serves, service, staff

names = st.text("abc-", min_size=2, max_size=8)


def principal_of(
    claims: Claims,
    *,
    program_id: str = "bean",
    kinds: tuple[Kind, ...] = EVERY_KIND,
    names: ClaimSettings = ClaimSettings(),  # noqa: B008  # it is frozen
) -> Principal:
    token = Verified(claims, frozenset(kinds))
    return principal_under(token, program_id=program_id, names=names, serves=serves)


def test_staff_have_the_roles_of_their_groups_in_this_program() -> None:
    caller = principal_of(
        person(groups=("bean/cashier", "bean/analyst", "other/manager")), program_id="bean"
    )

    assert caller.roles == {"member", "cashier", "analyst"}
    assert caller.is_trusted


def test_a_service_is_known_by_its_scope_and_may_what_its_client_may() -> None:
    caller = principal_of(service("bean"))

    assert caller.roles == {"service"}
    assert not caller.is_person


def test_a_scope_that_is_not_ours_takes_nothing_away() -> None:
    claims = service("bean") | {"scope": "openid loyalty/service"}

    assert principal_of(claims).roles == {"service"}


@pytest.mark.parametrize("scope", ["loyalty", "bean/service", "loyalty/service2", ""])
def test_a_client_without_the_scope_is_no_service(scope: str) -> None:
    with pytest.raises(Forbidden, match="ID token"):
        principal_of(service("bean") | {"scope": scope})


def test_an_issuer_gives_rights_only_of_the_kinds_it_is_trusted_for() -> None:
    manager = staff("bean", "manager")

    assert principal_of(manager, kinds=("staff",)).roles == {"manager"}
    assert principal_of(manager, kinds=("members",)).roles == {"member"}
    assert principal_of(manager, kinds=("members", "staff")).roles == {"member", "manager"}
    assert principal_of(operator(), kinds=("members",)).roles == {"member"}
    with pytest.raises(Forbidden):
        principal_of(service("bean"), kinds=("members", "staff"))
    assert principal_of(person("nobody"), kinds=("staff",)).roles == set()


def test_a_role_in_every_program_is_one_group() -> None:
    head_office = person(groups=("*/manager", "leaf/cashier"))

    assert principal_of(head_office, program_id="bean").roles == {"member", "manager"}
    assert principal_of(head_office, program_id="leaf").roles == {"member", "manager", "cashier"}


def test_an_operator_has_no_staff_role_in_any_program() -> None:
    caller = principal_of(operator(), kinds=("staff",))

    assert caller.roles == {"operator"}
    assert not caller.is_staff
    both = principal_of(person(groups=("operator", "leaf/manager")), kinds=("staff",))
    assert both.roles == {"operator"}


def test_a_person_without_a_group_may_become_a_member_anywhere() -> None:
    caller = principal_of(person("ana"), program_id="bean")

    assert caller.roles == {"member"}
    assert not caller.is_trusted


@pytest.mark.parametrize(
    "claims",
    [
        staff("other", "manager"),
        staff("bean2", "manager"),
        service("other"),
        service("bea"),
        person(groups=("other/cashier", "another/analyst")),
    ],
)
def test_a_program_that_is_not_theirs_does_not_exist_for_staff_and_services(
    claims: Claims,
) -> None:
    with pytest.raises(NotFound):
        principal_of(claims, program_id="bean")


@pytest.mark.parametrize(
    "groups",
    [("eu-west-1_Ab12_Google",), ("bean",), ("bean/owner",), ("/manager",), ("bean/service",)],
)
def test_groups_that_name_no_role_count_for_nothing(groups: tuple[str, ...]) -> None:
    assert principal_of(person(groups=groups), program_id="bean").roles == {"member"}


def test_only_verified_identities_are_believed() -> None:
    email, phone = "ana@example.com", "+33612345678"

    verified = principal_of(person(email=email, phone=phone), program_id="bean")
    unverified = principal_of(person(email=email, phone=phone, verified=False), program_id="bean")

    assert (verified.email, verified.phone) == (email, phone)
    assert (unverified.email, unverified.phone) == (None, None)


def test_another_issuers_claims_are_read_by_their_names() -> None:
    names = ClaimSettings(
        groups_claim="https://bean.example/roles", scopes_claim="scp", client_claim="azp"
    )
    claims = {"sub": "ana", "https://bean.example/roles": "[bean/manager bean/cashier]"}

    people = principal_of(claims, names=names)
    services = principal_of(
        {"sub": "s", "azp": "server@bean", "scp": "loyalty/service"}, names=names
    )

    assert people.roles == {"member", "manager", "cashier"}
    assert services.roles == {"service"}


def test_on_a_route_a_caller_has_only_the_roles_that_it_allows() -> None:
    cashier = principal_of(staff("bean", "cashier"), program_id="bean")

    assert cashier.acting_as({"cashier", "member"}).roles == {"cashier", "member"}
    assert cashier.acting_as({"cashier", "service"}).roles == {"cashier"}
    with pytest.raises(Forbidden):
        cashier.acting_as({"manager", "analyst"})


def test_a_caller_acting_as_a_member_is_not_trusted_whatever_else_they_are() -> None:
    both = principal_of(staff("bean", "analyst", "manager"), program_id="bean")

    assert not both.acting_as({"member", "cashier", "service"}).is_trusted
    assert both.acting_as({"member", "manager"}).is_trusted


def test_only_a_caller_who_acts_as_nothing_but_an_analyst_sees_no_personal_data() -> None:
    analyst = principal_of(staff("bean", "analyst", "cashier"), program_id="bean")

    assert not analyst.acting_as({"analyst", "manager"}).sees_personal_data
    assert analyst.acting_as({"analyst", "cashier"}).sees_personal_data
    assert analyst.acting_as({"member"}).sees_personal_data


@pytest.mark.parametrize(
    "claims",
    [
        person("ana") | {"token_use": "access"},
        staff("bean", "manager") | {"token_use": "access"},
        person("ana") | {"token_use": "refresh"},
        service("bean") | {"token_use": "id"},
    ],
)
def test_a_token_of_the_wrong_kind_is_refused(claims: Claims) -> None:
    with pytest.raises(Forbidden, match="token"):
        principal_of(claims, program_id="bean")


@pytest.mark.parametrize("claims", [person("ana"), service("bean")])
def test_an_issuer_need_not_say_of_which_kind_a_token_is(claims: Claims) -> None:
    del claims["token_use"]

    assert principal_of(claims, program_id="bean").roles


@given(program_id=names, others=st.lists(st.tuples(names, st.sampled_from(sorted(STAFF)))))
def test_no_group_of_another_program_ever_gives_a_role_here(
    program_id: str, others: list[tuple[str, str]]
) -> None:
    groups = tuple(f"{other}/{role}" for other, role in others if other != program_id)

    try:
        caller = principal_of(person(groups=groups), program_id=program_id)
    except NotFound:
        assert groups
    else:
        assert caller.roles == {"member"}
        assert not groups
