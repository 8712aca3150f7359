"""A lake of ten million entries, drawn by SQL in two minutes: the same for the same numbers.

Two years of a growing program. A few customers come often and many come rarely, points expire after
a year, rewards are redeemed from any lot, a member gets a message a month, and one order in twenty
has an answer to a survey. The layout is that of compaction: an object for each past month, and one
for each day of the current month.
"""

import sys
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from loyalty.domain.facts import ALL, Fact
from loyalty.lake import sql_views
from loyalty.lake.keeper import SORTED_BY, WRITTEN_AS
from loyalty.lake.objects import folded_key

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PROGRAM_ID: Final = "bean-and-leaf"
MEMBERS: Final = 1_000_000
ENTRIES: Final = 10_000_000
FIRST_DAY: Final = date(2024, 12, 1)
TODAY: Final = date(2026, 11, 21)

# `u(n)` is the n-th random number of a row, in [0, 1).
_MACROS: Final = """
    CREATE MACRO u(row_id, n) AS (hash(row_id * 16 + n) >> 11)::DOUBLE / 9007199254740992.0;
    CREATE MACRO enrolled(members) AS ceil(members * pow(getvariable('reached'), 0.7))::BIGINT;
    CREATE MACRO member_id(number) AS
        CASE WHEN number IS NOT NULL THEN 'mem_01' || upper(substr(md5('m' || number), 1, 24)) END;
    CREATE MACRO entry_id(number) AS 'ent_' || substr(md5('e' || number), 1, 24);
    CREATE MACRO source_of(row_id) AS
        CASE WHEN u(row_id, 7) < 0.45 THEN 'pos' WHEN u(row_id, 7) < 0.9 THEN 'web' ELSE 'app' END;
"""

# One row for each thing that happened in a span of days.
_DRAWN: Final = """
    CREATE OR REPLACE TABLE drawn AS
    SELECT
        row_id,
        CASE
            WHEN u(row_id, 1) < 0.66 THEN 'accrual'
            WHEN u(row_id, 1) < 0.74 THEN 'guest'
            WHEN u(row_id, 1) < 0.89 THEN 'redemption'
            WHEN u(row_id, 1) < 0.94 THEN 'expiry'
            WHEN u(row_id, 1) < 0.98 THEN 'clawback'
            WHEN u(row_id, 1) < 0.99 THEN 'bonus'
            ELSE 'return'
        END AS what,
        $first_day::TIMESTAMP
            + to_microseconds((u(row_id, 2) * $days * 86400)::BIGINT * 1000000) AS moment,
        -- Few buy often and many rarely.
        floor(pow(u(row_id, 3), 1.6) * enrolled($members))::BIGINT AS number,
        1 + floor(-40 * ln(1 - u(row_id, 4)))::BIGINT AS points,
        1 + floor(u(row_id, 5) * 11)::INTEGER AS lot
    FROM range($first_row, $first_row + $rows) AS rows(row_id)
"""

_FACTS: Final = {
    "entries": """
        SELECT
            entry_id(row_id) AS fact_id, 1 AS revision, 1 AS v, $program_id AS program_id,
            moment AS recorded_at, member_id(number) AS member_id, what AS entry_kind,
            CASE WHEN what IN ('accrual', 'bonus', 'return') THEN points ELSE -points END AS points,
            0 AS pending_points, moment AS happened_at, moment AS counted_at, 3 AS program_version,
            CASE WHEN what IN ('accrual', 'clawback') THEN source_of(row_id) END AS source,
            CASE WHEN what IN ('accrual', 'clawback') THEN row_id::VARCHAR END AS order_id,
            CASE WHEN what = 'clawback' THEN points * 100 END AS refunded_minor,
            CASE WHEN what = 'clawback' THEN 0 END AS forgiven,
            CASE WHEN what IN ('redemption', 'return') THEN 'red_' || entry_id(row_id) END
                AS redemption_id,
            CASE WHEN what = 'redemption' THEN 'reward-' || (row_id % 12) END AS reward_id,
            CASE WHEN what = 'bonus' THEN 'birthday' END AS given_for,
            NULL AS survey_id, NULL AS recorded_by,
            CASE WHEN what IN ('accrual', 'clawback') THEN 's' || year(moment) END
                AS qualifying_counter,
            CASE what WHEN 'accrual' THEN points * 100 WHEN 'clawback' THEN -points * 100 END
                AS qualifying_amount,
            [{
                'place': 'lot',
                'available_on': NULL::DATE,
                'expires_on': CASE
                    WHEN what IN ('accrual', 'bonus') THEN last_day(moment + INTERVAL 12 MONTH)
                    WHEN what = 'expiry' THEN last_day(moment - INTERVAL 1 MONTH)
                    ELSE last_day(moment + to_months(lot))
                END,
                'points':
                    CASE WHEN what IN ('accrual', 'bonus', 'return') THEN points ELSE -points END
            }] AS movements,
            CASE WHEN what = 'accrual' THEN list_concat(
                [{
                    'rule_id': 'base',
                    'points': points - points // 3,
                    'eligible_minor': points * 90
                }],
                CASE WHEN row_id % 4 = 0 THEN [{
                    'rule_id': 'whole-bean',
                    'points': points // 3,
                    'eligible_minor': points * 30
                }] ELSE [] END
            ) ELSE [] END AS rules,
            []::STRUCT(level VARCHAR, reached_on DATE)[] AS levels_reached,
            NULL AS tier,
            CASE WHEN what = 'accrual' THEN []::VARCHAR[] END AS opened,
            CASE WHEN what = 'accrual' THEN []::VARCHAR[] END AS held_out,
            CASE WHEN what IN ('accrual', 'clawback') THEN CASE WHEN row_id % 5 = 0 THEN [{
                'limit': 'budget:campaign-' || (row_id % 12) || '#all',
                'amount': CASE what WHEN 'accrual' THEN points // 3 ELSE -points // 3 END
            }] ELSE [] END END AS counted,
            CASE WHEN what IN ('accrual', 'clawback') THEN CASE WHEN row_id % 5 = 0 THEN [{
                'campaign_id': 'campaign-' || (row_id % 12),
                'points': CASE what WHEN 'accrual' THEN points // 3 ELSE -points // 3 END
            }] ELSE [] END END AS campaigns,
            NULL AS rule_id
        FROM drawn WHERE what <> 'guest'
    """,
    "order_states": """
        SELECT
            source_of(row_id) || '/' || row_id AS fact_id, 2 AS revision, 1 AS v,
            $program_id AS program_id, moment AS recorded_at, source_of(row_id) AS source,
            row_id::VARCHAR AS order_id, moment AS changed_at,
            []::STRUCT(line_id VARCHAR, quantity BIGINT, amount_minor BIGINT)[] AS refunds,
            points * 100 AS amount_minor, false AS is_whole, points AS clawed, 0 AS owed,
            0 AS forgiven, 0 AS excused,
            []::STRUCT(campaign_id VARCHAR, points BIGINT)[] AS campaigns,
            NULL AS location, NULL AS tenders, NULL AS codes, NULL AS sold
        FROM drawn WHERE what = 'clawback'
    """,
    "orders": """
        SELECT
            source_of(row_id) || '/' || row_id AS fact_id,
            CASE what WHEN 'guest' THEN 1 ELSE 2 END AS revision, 1 AS v,
            $program_id AS program_id, moment AS recorded_at,
            CASE WHEN what = 'accrual' THEN member_id(number) END AS member_id,
            CASE WHEN what = 'guest' THEN substr(md5('g' || number), 1, 24) END AS guest_id,
            source_of(row_id) AS source, row_id::VARCHAR AS order_id,
            CASE WHEN row_id % 3 = 0 THEN 'web' END AS channel,
            points * 100 AS amount_minor, 1 + row_id % 4 AS lines, moment AS occurred_at,
            NULL AS location, NULL AS tenders, NULL AS codes, NULL AS sold,
            points * 100 AS goods_minor
        FROM drawn WHERE what IN ('accrual', 'guest')
    """,
    "members": """
        SELECT
            member_id(number) AS fact_id, CASE WHEN number % 50 = 0 THEN 3 ELSE 1 END AS revision,
            1 AS v, $program_id AS program_id, $first_day::TIMESTAMP AS recorded_at,
            CASE WHEN number % 100 = 0 THEN 'merged' WHEN number % 50 = 0 THEN 'closed'
                ELSE 'active' END AS status,
            $first_day::TIMESTAMP AS enrolled_at,
            CASE WHEN number % 50 = 0 THEN $first_day::TIMESTAMP + INTERVAL 9 HOUR END AS ended_at,
            CASE WHEN number % 100 = 0 THEN member_id(number + 1) END AS "into",
            NULL AS floor_level, NULL AS floor_until
        FROM range(getvariable('enrolled_before'), enrolled($members)) AS numbers(number)
    """,
    "vouchers": """
        SELECT
            'red_' || entry_id(row_id) AS fact_id,
            CASE WHEN row_id % 5 = 0 THEN 2 ELSE 3 END AS revision, 1 AS v,
            $program_id AS program_id, moment AS recorded_at, member_id(number) AS member_id,
            'reward-' || (row_id % 12) AS reward_id, points, points * 4 AS amount_minor,
            CASE WHEN row_id % 5 = 0 THEN 'issued' WHEN row_id % 7 = 0 THEN 'expired'
                ELSE 'used' END AS state,
            NULL AS granted_for, NULL AS held_until,
            moment AS issued_at, moment + INTERVAL 90 DAY AS expires_at,
            CASE WHEN is_used THEN moment + INTERVAL 2 HOUR END AS used_at,
            CASE WHEN is_used THEN 'pos' END AS used_source,
            CASE WHEN is_used THEN row_id::VARCHAR END AS used_order_id
        FROM (SELECT *, row_id % 5 <> 0 AND row_id % 7 <> 0 AS is_used FROM drawn)
        WHERE what = 'redemption'
    """,
    "messages": """
        SELECT
            member_id || '/' || written_at::DATE || '/' || message_kind AS fact_id,
            CASE WHEN state = 'bounced' THEN 3 ELSE 2 END AS revision, 1 AS v,
            $program_id AS program_id, written_at + INTERVAL 5 MINUTE AS recorded_at,
            member_id, message_kind, 'email' AS channel, state, written_at,
            CASE WHEN state <> 'dropped' THEN written_at + INTERVAL 4 MINUTE END AS sent_at,
            written_at + INTERVAL 5 MINUTE AS settled_at
        FROM (
            SELECT
                member_id(number) AS member_id,
                ['points_expiring', 'voucher_expiring', 'tier_ending', 'birthday', 'lapsed'][
                    1 + floor(u(row_id, 2) * 5)::INTEGER
                ] AS message_kind,
                CASE WHEN u(row_id, 3) < 0.01 THEN 'bounced' WHEN u(row_id, 3) < 0.03 THEN 'dropped'
                    ELSE 'sent' END AS state,
                $first_day::TIMESTAMP
                    + to_microseconds((u(row_id, 4) * $days * 86400)::BIGINT * 1000000)
                    AS written_at
            FROM (
                SELECT number, number * 65536 + ($first_day - DATE '2000-01-01') AS row_id
                FROM range(enrolled($members)) AS numbers(number)
            )
            WHERE u(row_id, 1) < $days / 30
        )
    """,
    "actions": """
        SELECT
            'act_' || entry_id(row_id) AS fact_id, 2 AS revision, 1 AS v,
            $program_id AS program_id, moment AS recorded_at,
            'person-' || (row_id % 40) AS staff_member,
            CASE row_id % 3 WHEN 0 THEN 'points.adjust' WHEN 1 THEN 'member.look_up'
                ELSE 'member.change' END AS action,
            'member' AS target_kind, member_id(number) AS target_id,
            CASE WHEN row_id % 50 = 0 THEN 'refused' ELSE 'done' END AS state,
            CASE WHEN row_id % 50 = 0 THEN 'limit_reached' END AS refused_for,
            CASE WHEN row_id % 3 = 0 AND row_id % 50 <> 0 THEN 100 - row_id % 200 END AS points,
            CASE WHEN row_id % 3 = 0 AND row_id % 50 <> 0 THEN entry_id(row_id) END AS entry_id,
            moment AS began_at
        FROM drawn WHERE what = 'accrual' AND u(row_id, 10) < 0.1
    """,
    "surveys": """
        SELECT
            survey_id || '/' || member_id || '/' || source || '/' || order_id AS fact_id,
            1 AS revision, 1 AS v, $program_id AS program_id, answered_at AS recorded_at,
            member_id, survey_id, survey_kind, score,
            score <= CASE survey_kind WHEN 'nps' THEN 6 ELSE 2 END AS is_low,
            source, order_id, answered_at
        FROM (
            SELECT
                member_id(number) AS member_id, source_of(row_id) AS source,
                row_id::VARCHAR AS order_id, moment + INTERVAL 3 HOUR AS answered_at,
                CASE row_id % 4 WHEN 0 THEN 'recommend' ELSE 'visit' END AS survey_id,
                CASE row_id % 4 WHEN 0 THEN 'nps' ELSE 'csat' END AS survey_kind,
                -- Most are content.
                CASE survey_kind WHEN 'nps' THEN floor(11 * pow(u(row_id, 9), 0.4))
                    ELSE 1 + floor(5 * pow(u(row_id, 9), 0.4)) END::BIGINT AS score
            FROM drawn WHERE what = 'accrual' AND u(row_id, 8) < 0.05
        )
    """,
    "awards": """
        SELECT
            'challenge.challenge-' || (row_id % 4) || '.' || member_id(number) || '.' || row_id
                AS fact_id,
            CASE WHEN row_id % 20 = 0 THEN 2 ELSE 1 END AS revision, 1 AS v,
            $program_id AS program_id, moment AS recorded_at, member_id(number) AS member_id,
            'challenge' AS given_for, 'challenge-' || (row_id % 4) AS rule_id, 50 AS points,
            NULL AS reward_id, []::VARCHAR[] AS badges, row_id % 20 <> 0 AS stands,
            false AS reward_kept, moment AS given_at
        FROM drawn WHERE what = 'accrual' AND u(row_id, 11) < 0.03
    """,
    "counted_orders": """
        SELECT
            source_of(row_id) || '/' || row_id || '/challenge-' || (row_id % 4) AS fact_id,
            1 AS revision, 1 AS v, $program_id AS program_id, moment AS recorded_at,
            source_of(row_id) AS source, row_id::VARCHAR AS order_id, 'challenge' AS counts_for,
            'challenge-' || (row_id % 4) AS rule_id, moment AS occurred_at,
            1 + row_id % 3 AS amount
        FROM drawn WHERE what = 'accrual' AND u(row_id, 12) < 0.4
    """,
    "referrals": """
        SELECT
            member_id(number) AS fact_id, 2 AS revision, 1 AS v, $program_id AS program_id,
            $first_day::TIMESTAMP AS recorded_at, member_id(number) AS member_id,
            member_id(number // 2) AS referrer_id,
            CASE number % 10 WHEN 0 THEN 'held' WHEN 1 THEN 'refused' ELSE 'claimed' END AS state,
            CASE WHEN number % 10 = 1 THEN 'not_new' END AS reason, []::VARCHAR[] AS signals,
            $first_day::TIMESTAMP + INTERVAL 9 HOUR AS claimed_at, NULL AS decided_at,
            number % 2 AS orders, number % 10 > 4 AS stands, number % 10 > 4 AS referrer_gets,
            CASE WHEN number % 10 > 4 THEN $first_day::TIMESTAMP + INTERVAL 20 HOUR END AS given_at
        FROM range(getvariable('enrolled_before'), enrolled($members)) AS numbers(number)
        WHERE number % 9 = 4
    """,
    "activities": """
        SELECT
            'reviews/' || row_id AS fact_id, 1 AS revision, 1 AS v, $program_id AS program_id,
            moment AS recorded_at, member_id(number) AS member_id, 'reviews' AS source,
            row_id::VARCHAR AS activity_id, 'review' AS activity,
            CASE WHEN row_id % 11 = 0 THEN 'retracted' ELSE 'awarded' END AS state, NULL AS reason,
            CASE WHEN row_id % 11 = 0 THEN 0 ELSE 20 END AS points, moment AS occurred_at,
            moment AS first_recorded_at
        FROM drawn WHERE what = 'accrual' AND u(row_id, 13) < 0.05
    """,
    "offers": """
        SELECT
            member_id(number) || '/campaign-' || (row_id % 12) || '/' || moment::DATE AS fact_id,
            1 AS revision, 1 AS v, $program_id AS program_id, moment AS recorded_at,
            member_id(number) AS member_id, 'campaign-' || (row_id % 12) AS campaign_id,
            moment AS offered_at, moment::DATE + 14 AS until,
            CASE WHEN row_id % 6 = 0 THEN 'by_lot' ELSE 'popular_here' END AS because,
            3 AS chosen_of
        FROM drawn WHERE what = 'accrual' AND u(row_id, 14) < 0.1
    """,
    "reviews": """
        SELECT
            'rev_' || entry_id(row_id) AS fact_id, CASE WHEN row_id % 5 = 0 THEN 1 ELSE 2 END
                AS revision,
            1 AS v, $program_id AS program_id, moment AS recorded_at,
            member_id(number) AS member_id, 'safeguard' AS opened_by, ['five-a-day'] AS rules,
            source_of(row_id) AS source, row_id::VARCHAR AS order_id, points,
            moment::DATE + 14 AS held_until, moment AS opened_at,
            CASE WHEN row_id % 5 = 0 THEN 'open' WHEN row_id % 5 = 1 THEN 'rejected'
                ELSE 'released' END AS state,
            CASE WHEN row_id % 5 <> 0 THEN moment + INTERVAL 30 HOUR END AS decided_at,
            CASE WHEN row_id % 5 <> 0 THEN entry_id(row_id) END AS entry_id
        FROM drawn WHERE what = 'accrual' AND u(row_id, 15) < 0.005
    """,
}


def draw(folder: Path, *, members: int = MEMBERS, entries: int = ENTRIES) -> None:
    """Write the objects below a folder, each at its key."""
    # Orders of guests are not entries.
    rows = entries * 100 // 92
    with sql_views.workshop(folder) as connected:
        connected.execute(_MACROS)
        connected.execute("SET VARIABLE enrolled_before = 0")
        spans = list(_spans())
        for first_day, next_day, cover in spans:
            reached = (next_day - FIRST_DAY) / (TODAY - FIRST_DAY + timedelta(days=1))
            before = (first_day - FIRST_DAY) / (TODAY - FIRST_DAY + timedelta(days=1))
            connected.execute("SET VARIABLE reached = $reached", {"reached": reached})
            # More entries in the last year than in the first.
            first_row, next_row = (int(rows * share**1.5) for share in (before, reached))
            bound = {
                "first_day": first_day,
                "days": (next_day - first_day).days,
                "members": members,
                "first_row": first_row,
                "rows": next_row - first_row,
            }
            connected.execute(_DRAWN, bound)
            for fact in ALL:
                _lay_out(connected, fact, folder, cover=cover, bound=bound)
            connected.execute(
                "SET VARIABLE enrolled_before = enrolled($members)", {"members": members}
            )


def _lay_out(
    connected: "DuckDBPyConnection",
    fact: type[Fact],
    folder: Path,
    *,
    cover: str,
    bound: dict[str, object],
) -> None:
    path = folder / folded_key(fact.kind, PROGRAM_ID, cover)
    path.parent.mkdir(parents=True, exist_ok=True)
    sql = _FACTS[fact.kind]
    typed = ", ".join(
        f'"{name}"::{sql_type} AS "{name}"' for name, sql_type in sql_views.columns(fact).items()
    )
    numbered = "".join(
        f", number_of({id_}) AS {name}" for name, id_ in sql_views.numbers(fact).items()
    )
    named = {name: value for name, value in bound.items() if f"${name}" in sql}
    connected.execute(
        f"COPY (SELECT *{numbered} FROM (SELECT {typed} FROM ({sql})) "  # noqa: S608  # our own
        f"ORDER BY {SORTED_BY[fact.kind]}) TO '{path}' ({WRITTEN_AS})",
        named | {"program_id": PROGRAM_ID},
    )


def _spans() -> "list[tuple[date, date, str]]":
    """Return the past months, then the days of the current month."""
    this_month = TODAY.replace(day=1)
    firsts = [FIRST_DAY]
    while firsts[-1] < this_month:
        firsts.append((firsts[-1] + timedelta(days=31)).replace(day=1))
    days = [this_month + timedelta(days=number) for number in range(TODAY.day + 1)]
    return [
        *((first, after, first.strftime("%Y-%m")) for first, after in pairwise(firsts)),
        *((first, after, first.isoformat()) for first, after in pairwise(days)),
    ]


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
