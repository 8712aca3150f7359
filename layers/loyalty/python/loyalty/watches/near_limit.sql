-- People who adjust balances by numbers just below a limit.
--
-- Reads: entries

SELECT
    NULL::BIGINT AS member_number,
    recorded_by AS staff_member,
    strftime($last_day, '%Y-%m') || '#' || recorded_by AS cause,
    count(*)::BIGINT AS found
FROM entries
WHERE entry_kind = 'adjustment' AND recorded_by IS NOT NULL
    AND abs(points) BETWEEN $points_from AND $points_to
    AND recorded_at >= $from_at AND recorded_at < $until_at
GROUP BY recorded_by
HAVING count(*) >= $times_at_least
