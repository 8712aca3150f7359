-- Orders that a person recorded at a till while the shop was closed, by person and day.
--
-- Reads: entries

WITH recorded AS (
    SELECT
        recorded_by,
        local_day(happened_at) AS day,
        (epoch_us(happened_at) - epoch_us(midnight(local_day(happened_at))::TIMESTAMP)) // 60000000
            AS minute
    FROM entries
    WHERE entry_kind = 'accrual' AND recorded_by IS NOT NULL AND list_contains($sources, source)
        AND happened_at >= $from_at AND happened_at < $until_at
)

SELECT
    NULL::BIGINT AS member_number,
    recorded_by AS staff_member,
    strftime(day, '%Y-%m-%d') || '#' || recorded_by AS cause,
    count(*)::BIGINT AS found
FROM recorded
WHERE minute < $opens_minute OR minute >= $closes_minute
GROUP BY recorded_by, day
HAVING count(*) >= $orders_at_least
