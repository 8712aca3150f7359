"""Segments in SQL: who is in which of the computed ones, in one query over all members.

Each condition becomes a test of columns of `features`, which has a row for each active member.
What a document says is bound as parameters and never pasted into the SQL.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from loyalty.domain.program.kinds import CHARGES

if TYPE_CHECKING:
    from loyalty.domain.program.line_selectors import LineSelector
    from loyalty.domain.program.segments import Segment, SegmentRule

type Lists = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSource:
    """Rows of what a member did, from which features are computed; `reads` are kinds of facts."""

    rows: str
    reads: tuple[str, ...]


# Each has the column `person_number`, and `day` where its rows have one. What a merged member did
# is that of the member they became.
_SALES: Final = FeatureSource(
    rows="""
        SELECT member_number AS person_number, local_day(sold_at) AS day,
            sold_at, orders, amount_minor
        FROM sales
    """,
    reads=("entries", "orders"),
)
_ORDERS: Final = FeatureSource(
    rows="""
        SELECT coalesce(person_number, member_number) AS person_number,
            local_day(occurred_at) AS day,
            -- An order of charges alone is none; before the facts knew their goods, of nothing.
            coalesce(goods_minor, amount_minor) AS goods_minor
        FROM orders LEFT JOIN heirs USING (member_number)
        WHERE member_number IS NOT NULL
    """,
    reads=("orders",),
)
_GOODS: Final = FeatureSource(
    rows="""
        SELECT person_number, day, line.* FROM (
            SELECT coalesce(person_number, member_number) AS person_number,
                local_day(occurred_at) AS day, unnest(sold) AS line
            FROM orders LEFT JOIN heirs USING (member_number)
            WHERE member_number IS NOT NULL
        )
    """,
    reads=("orders",),
)
_REWARDS: Final = FeatureSource(
    rows="""
        SELECT coalesce(person_number, member_number) AS person_number, local_day(issued_at) AS day
        FROM vouchers LEFT JOIN heirs USING (member_number)
        WHERE state NOT IN ('held', 'cancelled') AND granted_for IS NULL
    """,
    reads=("vouchers",),
)
_ANSWERS: Final = FeatureSource(
    rows="""
        SELECT coalesce(person_number, member_number) AS person_number, survey_id, score,
            (answered_at, fact_id) AS given
        FROM surveys LEFT JOIN heirs USING (member_number)
    """,
    reads=("surveys",),
)
_LEVELS: Final = FeatureSource(
    rows="SELECT member_number AS person_number, level FROM standings('entries', $today, $now)",
    reads=("entries",),
)
# A list may name a member who was merged since, and whom nobody can take off it any more.
_LISTED: Final = FeatureSource(
    rows="""
        SELECT coalesce(person_number, number_of(member_id)) AS person_number, segment_id
        FROM listed LEFT JOIN heirs ON heirs.member_number = number_of(member_id)
    """,
    reads=(),
)
_RANKED: Final = {"recency": "last_at", "frequency": "orders", "monetary": "amount_minor"}


@dataclass(slots=True)
class SegmentQuery:
    """A query for the members of segments, as it is put together.

    Its rows are a member's id and a segment's id. It reads the kinds of facts in `reads`, and
    `parameters` are what it binds beside `$today`, the program's day, and `$now`, in UTC.
    """

    lists: Lists
    parameters: dict[str, Any] = field(default_factory=dict)
    reads: set[str] = field(default_factory=lambda: {"members"})
    _columns: defaultdict[FeatureSource, dict[str, str]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    _scores: dict[int, str] = field(default_factory=dict)
    _segment_id: str = ""

    def sql(self, segments: Iterable[Segment]) -> str:
        parts = [self._part(segment) for segment in segments] or [
            "SELECT member_id, NULL AS segment_id FROM features WHERE false"
        ]
        features = [
            f"(SELECT person_number, {_listed(columns)} "  # noqa: S608  # as above
            f"FROM ({source.rows}) GROUP BY person_number)"
            for source, columns in self._columns.items()
        ]
        features += self._scores.values()
        joins = "\n".join(
            f"LEFT JOIN {each} AS features_{number} "
            f"ON features_{number}.person_number = members.fact_number"
            for number, each in enumerate(features)
        )
        columns = "".join(
            f", features_{number}.* EXCLUDE (person_number)" for number in range(len(features))
        )
        return f"""
            WITH features AS MATERIALIZED (
                SELECT members.fact_id AS member_id,
                    local_day(members.enrolled_at) AS enrolled_on{columns}
                FROM members
                {joins}
                WHERE members.status = 'active'
            )
            {" UNION ALL ".join(parts)}
        """  # noqa: S608  # as above

    def _part(self, segment: Segment) -> str:
        self._segment_id = segment.id
        return (
            f"SELECT member_id, {self._bound(segment.id)} AS segment_id FROM features "  # noqa: S608  # what is not our own text is bound
            f"WHERE {self._test(segment.who)}"
        )

    def _test(self, rule: SegmentRule) -> str:
        """An expression that is true or false of a row of `features`, never null."""
        match rule.fact:
            case "(all)":
                return f"({' AND '.join(map(self._test, rule.all))})"
            case "(any)":
                return f"({' OR '.join(map(self._test, rule.any))})"
            case "(not)":
                return f"(NOT {self._test(rule.negated)})"
            case _:
                return f"coalesce({self._condition(rule)}, false)"

    def _condition(self, rule: Any) -> str:
        match rule.fact:
            case "member_days":
                return self._between(_days_since("enrolled_on"), rule)
            case "days_since_order":
                last_on = self._column(_ORDERS, "max(day) FILTER (WHERE goods_minor > 0)")
                return self._between(_days_since(last_on), rule)
            case "listed":
                own = self._bound(self._segment_id)
                return self._column(_LISTED, f"bool_or(segment_id = {own})")
            case "silent":
                return self._is_silent(rule.percent_of_gap)
            case "tier":
                level = self._column(_LEVELS, "any_value(level)")
                return f"list_contains({self._bound(list(rule.is_in))}, {level})"
            case "recency" | "frequency" | "monetary":
                scores = self._scored(rule.days)
                return f"list_contains({self._bound(list(rule.is_in))}, {scores}_{rule.fact})"
            case _:
                return self._between(self._measure(rule), rule)

    def _measure(self, rule: Any) -> str:
        """A number of a member; null only if there is none to compare."""
        match rule.fact:
            case "spent":
                return self._sum_since(_SALES, "sum(amount_minor)", rule.days)
            case "orders":
                return self._sum_since(_SALES, "sum(orders)", rule.days)
            case "redeemed":
                return self._sum_since(_REWARDS, "count(*)", rule.days)
            case "bought":
                units = f"sum(CASE WHEN {self._selects(rule.of)} THEN quantity END)"
                return self._sum_since(_GOODS, units, rule.days)
            case "score":
                survey = self._bound(rule.survey)
                return self._column(
                    _ANSWERS, f"arg_max(score, given) FILTER (WHERE survey_id = {survey})"
                )
        raise AssertionError(f"nothing answers {rule.fact}")

    def _is_silent(self, percent: int) -> str:
        first_on, last_on = self._column(_ORDERS, "min(day)"), self._column(_ORDERS, "max(day)")
        orders = self._column(_ORDERS, "count(*)")
        # In whole numbers: the gap is a fraction of days.
        return (
            f"{orders} >= 3 AND {last_on} > {first_on} AND 100 * ($today - {last_on}) "
            f"* ({orders} - 1) > {self._bound(percent)} * ({last_on} - {first_on})"
        )

    def _scored(self, days: int) -> str:
        """Scores by quintile of the members who ordered in the last days, as a prefix of columns.

        As the report on segments computes them: equal members score equally.
        """
        name = f"scores_{days}"
        self.reads |= set(_SALES.reads)
        ranks = ", ".join(
            f"1 + 5 * (rank() OVER (ORDER BY {by}) - 1) // count(*) OVER () AS {name}_{fact}"
            for fact, by in _RANKED.items()
        )
        self._scores[days] = f"""(
            SELECT person_number, {ranks} FROM (
                SELECT person_number, max(sold_at) FILTER (WHERE orders = 1) AS last_at,
                    sum(orders) AS orders, sum(amount_minor) AS amount_minor
                FROM ({_SALES.rows})
                SEMI JOIN (SELECT fact_number FROM members WHERE status = 'active')
                    ON fact_number = person_number
                WHERE day >= $today - {self._bound(days)}
                GROUP BY person_number
                HAVING sum(orders) > 0
            )
        )"""  # noqa: S608  # as above
        return name

    def _selects(self, selector: LineSelector) -> str:
        """Whether a line is selected; see `LineSelector`."""
        listed = [sku for name in selector.lists for sku in self.lists.get(name, ())]
        is_excluded = " OR ".join(
            (
                f"list_has_any(categories, {self._names(selector.not_categories)})",
                f"coalesce(list_contains({self._names(selector.not_skus)}, sku), false)",
            )
        )
        charges = [charge for charge in CHARGES if charge not in selector.also_charges]
        is_charge = f"coalesce(list_contains({self._names(charges)}, category), false)"
        names = (selector.categories, selector.skus, selector.brands, selector.tags, selector.lists)
        if not any(names):
            return f"(NOT ({is_excluded}) AND NOT {is_charge})"
        is_named = " OR ".join(
            (
                f"list_has_any(categories, {self._names(selector.categories)})",
                f"list_has_any(tags, {self._names(selector.tags)})",
                f"coalesce(list_contains({self._names((*selector.skus, *listed))}, sku), false)",
                f"coalesce(list_contains({self._names(selector.brands)}, brand), false)",
            )
        )
        return f"(NOT ({is_excluded}) AND NOT {is_charge} AND ({is_named}))"

    def _names(self, names: Iterable[str]) -> str:
        return f"{self._bound(list(names))}::VARCHAR[]"

    def _sum_since(self, source: FeatureSource, total: str, days: int) -> str:
        since = f"day >= $today - {self._bound(days)}"
        return f"coalesce({self._column(source, f'{total} FILTER (WHERE {since})')}, 0)"

    def _column(self, source: FeatureSource, expression: str) -> str:
        """The column of a feature; the same one is computed once."""
        self.reads |= set(source.reads)
        columns = self._columns[source]
        taken = sum(map(len, self._columns.values()))
        return columns.setdefault(expression, f"feature_{taken}")

    def _between(self, number: str, rule: Any) -> str:
        lowest, highest = rule.bounds
        bounds = [
            f"{number} {sign} {self._bound(bound)}"
            for sign, bound in ((">=", lowest), ("<=", highest))
            if bound is not None
        ]
        return " AND ".join(bounds)

    def _bound(self, value: Any) -> str:
        """A parameter with this value."""
        for name, bound in self.parameters.items():
            if type(bound) is type(value) and bound == value:
                return f"${name}"
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"${name}"


def _listed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{expression} AS {name}" for expression, name in columns.items())


def _days_since(day: str) -> str:
    """How many days ago a day was; null if there is none, which `greatest` alone would ignore."""
    return f"CASE WHEN {day} IS NOT NULL THEN greatest(0, $today - {day}) END"
