"""Every route of the HTTP API: the function that answers it, its throttle, and who may call it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple


class Limit(NamedTuple):
    """Requests per second over all callers, and how many may arrive at once."""

    rate: int
    burst: int


class Throttle(Enum):
    """How many requests a route takes before the gateway answers 429."""

    READ = Limit(rate=1_000, burst=2_000)
    WRITE = Limit(rate=500, burst=1_000)
    # Enough for many tills, but little for guessing e-mails and card numbers with a leaked token.
    LOOKUP = Limit(rate=200, burst=400)
    ADMINISTER = Limit(rate=10, burst=20)
    # Each runs SQL in a function of 3 GB.
    REPORT = Limit(rate=10, burst=30)
    # Storefronts deliver the orders of a sale all at once, and some give up after a 429.
    WEBHOOK = Limit(rate=1_000, burst=5_000)
    ANYONE = Limit(rate=20, burst=50)


# The throttle of a route that states no other.
COMMON_THROTTLE = Throttle.WRITE


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The route of one operation. `why_open` is the reason if it needs no token.

    `shared` is a path below which the gateway has one route for all operations of a method. These
    operations share a function, which tells them apart, and a throttle.
    """

    function: str
    method: str
    path: str
    throttle: Throttle
    why_open: str = ""
    shared: str = ""

    @property
    def signed_in(self) -> bool:
        return not self.why_open

    @property
    def key(self) -> str:
        """API Gateway's key of the route."""
        return self.path if self.path == CATCH_ALL else f"{self.method} {self.path}"


def at_gateway(routes: Iterable[Route]) -> tuple[Route, ...]:
    """Return the gateway's routes: operations that share a route become one.

    A shared route has a method. `ANY` would also take the `OPTIONS` of browsers, which come without
    a token and which the gateway itself must answer.
    """
    return tuple(
        dict.fromkeys(
            replace(route, path=f"{route.shared}/{{proxy+}}", shared="")
            if route.shared and route.path != route.shared
            else replace(route, shared="")
            for route in routes
        )
    )


CATCH_ALL = "$default"
_PROGRAM = "/v1/programs/{program_id}"


def _routes(function: str, *rows: tuple[str, str, Throttle]) -> tuple[Route, ...]:
    return tuple(
        Route(function=function, method=method, path=_PROGRAM + path, throttle=throttle)
        for method, path, throttle in rows
    )


def _sharing(
    function: str,
    throttle: Throttle,
    shared: str,
    *rows: tuple[str, str],
    within: str = _PROGRAM,
) -> tuple[Route, ...]:
    """Return routes at and below a path, of which those below it share a route by method."""
    return tuple(
        Route(
            function=function,
            method=method,
            path=within + shared + path,
            throttle=throttle,
            shared=within + shared,
        )
        for method, path in rows
    )


def _managed(
    function: str, collection: str, *rows: tuple[str, str], within: str = _PROGRAM
) -> tuple[Route, ...]:
    """Return routes of one collection that managers or operators use a few times a day."""
    return _sharing(function, Throttle.ADMINISTER, collection, *rows, within=within)


ROUTES: tuple[Route, ...] = (
    *_routes(
        "program",
        ("GET", "", Throttle.READ),
        ("PUT", "", Throttle.ADMINISTER),
        ("POST", "/check", Throttle.ADMINISTER),
        ("GET", "/rewards", Throttle.READ),
        ("GET", "/actions", Throttle.ADMINISTER),
    ),
    *_routes(
        "overview",
        ("GET", "/home", Throttle.LOOKUP),
        ("GET", "/goals", Throttle.LOOKUP),
        ("POST", "/search", Throttle.LOOKUP),
    ),
    *_managed("program", "/versions", ("GET", ""), ("GET", "/{version}")),
    *_managed(
        "program",
        "/drafts",
        ("GET", ""),
        ("GET", "/{draft_id}"),
        ("PUT", "/{draft_id}"),
        ("DELETE", "/{draft_id}"),
    ),
    Route(function="program", method="GET", path="/v1/actions", throttle=Throttle.ADMINISTER),
    Route(function="registry", method="GET", path="/v1/programs", throttle=Throttle.ADMINISTER),
    *_managed(
        "registry",
        "/services",
        ("GET", ""),
        ("PUT", "/{service_id}"),
        ("GET", "/{service_id}"),
        ("DELETE", "/{service_id}"),
        ("PUT", "/{service_id}/programs/{program_id}"),
        ("DELETE", "/{service_id}/programs/{program_id}"),
        within="/v1",
    ),
    *_managed(
        "registry",
        "/people",
        ("GET", ""),
        ("POST", ""),
        ("GET", "/{subject}"),
        ("PUT", "/{subject}"),
        ("DELETE", "/{subject}"),
    ),
    *_managed(
        "storefronts",
        "/storefronts",
        ("GET", ""),
        ("PUT", "/{storefront_id}"),
        ("GET", "/{storefront_id}"),
        ("DELETE", "/{storefront_id}"),
        ("POST", "/{storefront_id}/check"),
        ("GET", "/{storefront_id}/deliveries"),
        ("GET", "/{storefront_id}/deliveries/{delivery_id}"),
        ("GET", "/{storefront_id}/deliveries/{delivery_id}/data-request"),
        ("GET", "/{storefront_id}/erasures"),
        ("POST", "/{storefront_id}/erasures/{erasure_id}/stop"),
        ("POST", "/{storefront_id}/deliveries/replay"),
        ("POST", "/{storefront_id}/deliveries/{delivery_id}/replay"),
    ),
    *_routes(
        "enrollment",
        ("POST", "/members", Throttle.WRITE),
        ("POST", "/members/lookup", Throttle.LOOKUP),
        ("GET", "/members/{member_id}", Throttle.READ),
        ("PATCH", "/members/{member_id}", Throttle.WRITE),
        ("DELETE", "/members/{member_id}", Throttle.WRITE),
        ("GET", "/members/{member_id}/history", Throttle.READ),
        ("GET", "/members/{member_id}/messages", Throttle.LOOKUP),
        # All three read every entry of the member.
        ("GET", "/members/{member_id}/export", Throttle.LOOKUP),
        ("GET", "/members/{member_id}/statement", Throttle.LOOKUP),
        ("GET", "/members/{member_id}/balance", Throttle.LOOKUP),
        ("GET", "/members/{member_id}/explain", Throttle.LOOKUP),
        ("GET", "/members/{member_id}/actions", Throttle.ADMINISTER),
        ("POST", "/members/{member_id}/merge", Throttle.ADMINISTER),
        ("POST", "/members/{member_id}/merge/preview", Throttle.READ),
        ("GET", "/members/{member_id}/plan", Throttle.READ),
        ("PUT", "/members/{member_id}/plan", Throttle.ADMINISTER),
        ("DELETE", "/members/{member_id}/plan", Throttle.ADMINISTER),
        ("PUT", "/members/{member_id}/tier-floor", Throttle.ADMINISTER),
        ("DELETE", "/members/{member_id}/tier-floor", Throttle.ADMINISTER),
    ),
    *_routes(
        "accrual",
        ("POST", "/orders", Throttle.WRITE),
        ("POST", "/orders/quote", Throttle.READ),
        ("GET", "/orders/{source}/{order_id}", Throttle.READ),
        ("PUT", "/orders/{source}/{order_id}", Throttle.WRITE),
        ("GET", "/orders/{source}/{order_id}/explanation", Throttle.READ),
        ("POST", "/orders/{source}/{order_id}/refunds", Throttle.WRITE),
        ("POST", "/orders/{source}/{order_id}/refunds/quote", Throttle.READ),
        ("GET", "/surveys/{survey_id}/responses", Throttle.READ),
    ),
    *_routes(
        "campaigns",
        ("GET", "/members/{member_id}/campaigns", Throttle.READ),
        ("PUT", "/members/{member_id}/campaigns/{campaign_id}", Throttle.WRITE),
        ("DELETE", "/members/{member_id}/campaigns/{campaign_id}", Throttle.WRITE),
        ("GET", "/members/{member_id}/offers", Throttle.READ),
        ("PUT", "/members/{member_id}/challenges/{challenge_id}", Throttle.WRITE),
        ("DELETE", "/members/{member_id}/challenges/{challenge_id}", Throttle.WRITE),
        ("GET", "/members/{member_id}/challenges", Throttle.READ),
        ("GET", "/members/{member_id}/badges", Throttle.READ),
        ("GET", "/members/{member_id}/referral", Throttle.READ),
        ("POST", "/referrals/claims", Throttle.WRITE),
        ("GET", "/referrals", Throttle.ADMINISTER),
        ("GET", "/members/{member_id}/activities", Throttle.READ),
        ("POST", "/activities", Throttle.WRITE),
        ("DELETE", "/activities/{source}/{activity_id}", Throttle.WRITE),
        ("GET", "/members/{member_id}/boards/{board_id}", Throttle.READ),
        ("GET", "/boards", Throttle.READ),
        ("GET", "/boards/{board_id}", Throttle.READ),
    ),
    *_managed("campaigns", "/campaigns", ("GET", ""), ("GET", "/{campaign_id}")),
    *_routes(
        "campaigns",
        ("POST", "/check/quote", Throttle.ADMINISTER),
        ("POST", "/lists/{segment_id}", Throttle.WRITE),
        ("PUT", "/lists/{segment_id}", Throttle.WRITE),
    ),
    *_routes("adjustments", ("POST", "/members/{member_id}/adjustments", Throttle.WRITE)),
    *_managed(
        "adjustments",
        "/approvals",
        ("GET", ""),
        ("GET", "/{approval_id}"),
        ("POST", "/{approval_id}/approve"),
        ("POST", "/{approval_id}/refuse"),
    ),
    *_managed(
        "adjustments",
        "/reviews",
        ("GET", ""),
        ("GET", "/{review_id}"),
        ("POST", "/{review_id}/decision"),
    ),
    *_sharing(
        "accrual",
        Throttle.WRITE,
        "/surveys/{survey_id}",
        ("POST", "/responses"),
        ("POST", "/links"),
    ),
    *_managed(
        "campaigns", "/members/{member_id}/referral", ("POST", "/approve"), ("POST", "/refuse")
    ),
    *_sharing(
        "redemption",
        Throttle.WRITE,
        "/members/{member_id}/redemptions/{redemption_id}",
        ("POST", "/complete"),
        ("POST", "/cancel"),
        ("POST", "/access"),
    ),
    *_routes(
        "redemption",
        ("GET", "/members/{member_id}/rewards", Throttle.READ),
        ("GET", "/members/{member_id}/recommendations", Throttle.READ),
        ("POST", "/members/{member_id}/redemptions", Throttle.WRITE),
        ("GET", "/members/{member_id}/redemptions", Throttle.READ),
        ("GET", "/members/{member_id}/household", Throttle.READ),
        ("POST", "/members/{member_id}/household", Throttle.WRITE),
        ("PATCH", "/members/{member_id}/household", Throttle.WRITE),
        ("DELETE", "/members/{member_id}/household", Throttle.WRITE),
        ("POST", "/members/{member_id}/household/invitations", Throttle.WRITE),
        ("DELETE", "/members/{member_id}/household/members/{other_id}", Throttle.WRITE),
        ("POST", "/members/{member_id}/transfers", Throttle.WRITE),
        ("POST", "/members/{member_id}/grants", Throttle.WRITE),
        ("GET", "/vouchers/{code}", Throttle.READ),
        ("POST", "/vouchers/{code}/use", Throttle.WRITE),
    ),
    *_routes(
        "reporting",
        ("GET", "/reports/{name}", Throttle.REPORT),
        ("GET", "/entries/{entry_id}", Throttle.REPORT),
        ("POST", "/trials/holdout", Throttle.REPORT),
    ),
    *_managed(
        "reporting", "/segments", ("GET", ""), ("GET", "/{segment_id}/members"), ("POST", "/count")
    ),
    *_routes(
        "exports",
        ("POST", "/reports/exports", Throttle.ADMINISTER),
        ("GET", "/reports/exports", Throttle.ADMINISTER),
        # Clients poll these while they wait for a file, or for what comes out of a trial.
        ("GET", "/reports/exports/{export_id}", Throttle.LOOKUP),
        ("POST", "/trials", Throttle.REPORT),
        ("GET", "/trials", Throttle.ADMINISTER),
        ("GET", "/trials/{trial_id}", Throttle.LOOKUP),
    ),
    Route(
        function="console",
        method="GET",
        path="/v1/console",
        throttle=Throttle.ANYONE,
        why_open="A page without data; it asks people to sign in.",
    ),
    *(
        Route(
            function="console",
            method="GET",
            path=f"/v1/console/assets{path}",
            throttle=Throttle.READ,
            why_open="Files of that page, the same for everyone.",
            shared="/v1/console/assets",
        )
        for path in ("/{digest}/{name}", "/{digest}/views/{name}", "/{digest}/frames/mail")
    ),
    Route(
        function="console",
        method="GET",
        path=f"{_PROGRAM}/reports",
        throttle=Throttle.ANYONE,
        why_open="It redirects to that page.",
    ),
    Route(
        function="webhooks",
        method="POST",
        path=f"{_PROGRAM}/webhooks/{{storefront_id}}",
        throttle=Throttle.WEBHOOK,
        why_open="Storefronts have no token; the function checks the platform's signature.",
    ),
    *_managed(
        "webhooks_out",
        "/endpoints",
        ("GET", ""),
        ("PUT", "/{endpoint_id}"),
        ("GET", "/{endpoint_id}"),
        ("DELETE", "/{endpoint_id}"),
        ("POST", "/{endpoint_id}/rotate"),
        ("POST", "/{endpoint_id}/test"),
        ("GET", "/{endpoint_id}/deliveries"),
        ("POST", "/{endpoint_id}/deliveries/{event_id}/redeliver"),
    ),
    *_routes("notifications", ("POST", "/messages/preview", Throttle.ADMINISTER)),
    *(
        Route(
            function="enrollment",
            method=method,
            path=f"{_PROGRAM}/unsubscribe/{{token}}",
            throttle=Throttle.LOOKUP,
            why_open="Mail clients have no token; the link itself is sealed.",
        )
        for method in ("GET", "POST")
    ),
    *(
        Route(
            function="accrual",
            method=method,
            path=f"{_PROGRAM}/survey-links/{{token}}",
            throttle=Throttle.LOOKUP,
            why_open="Members who answer a survey have no token; the link itself is sealed.",
        )
        for method in ("GET", "POST")
    ),
    Route(
        function="campaigns",
        method="GET",
        path=f"{_PROGRAM}/referrals/{{referral_code}}",
        throttle=Throttle.LOOKUP,
        why_open="A friend with a code is not a member yet. The response names no member.",
    ),
    Route(
        function="redemption",
        method="GET",
        path=f"{_PROGRAM}/jwks.json",
        throttle=Throttle.ANYONE,
        why_open="Shops verify tokens with these public halves of keys.",
    ),
    Route(
        function="program",
        method="GET",
        path="/v1/openapi.json",
        throttle=Throttle.ANYONE,
        why_open="The description of the API is public.",
    ),
    Route(
        function="program",
        method="ANY",
        path=CATCH_ALL,
        throttle=Throttle.ANYONE,
        why_open="It answers only that the route does not exist.",
    ),
)
