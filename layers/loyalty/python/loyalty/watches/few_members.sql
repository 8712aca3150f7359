-- People whose adjustments go to few members.
--
-- Reads: entries, members

WITH counted AS (
    SELECT
        recorded_by,
        coalesce(heirs.person_number, entries.member_number) AS member_number,
        count(*) AS times
    FROM entries
    LEFT JOIN heirs ON heirs.member_number = entries.member_number
    WHERE entry_kind = 'adjustment' AND recorded_by IS NOT NULL
        AND recorded_at >= $from_at AND recorded_at < $until_at
    GROUP BY ALL
),

ranked AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY recorded_by ORDER BY times DESC, member_number) AS place
    FROM counted
)

SELECT
    NULL::BIGINT AS member_number,
    recorded_by AS staff_member,
    strftime($last_day, '%Y-%m') || '#' || recorded_by AS cause,
    (100 * sum(times) FILTER (place <= $members_at_most) // sum(times))::BIGINT AS found
FROM ranked
GROUP BY recorded_by
HAVING sum(times) >= $times_at_least AND found >= $percent_at_least
