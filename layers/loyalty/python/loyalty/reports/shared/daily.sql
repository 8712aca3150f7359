-- Points by the day from which balances showed them, and the number of entries.
--
-- Reads: daily
--
-- A row with a place is about points that came there or, negative, left it. A row without one
-- counts `entries`.
CREATE VIEW daily AS
FROM sums
UNION ALL BY NAME
SELECT
    local_day(counted_at) AS counted_on,
    entry_kind,
    movement.place,
    movement.available_on,
    movement.expires_on,
    sum(movement.points)::BIGINT AS points,
    0 AS entries
FROM (SELECT entry_kind, counted_at, unnest(movements) AS movement FROM unsummed)
GROUP BY ALL
UNION ALL BY NAME
SELECT local_day(counted_at) AS counted_on, entry_kind, 0 AS points, count(*) AS entries
FROM unsummed
GROUP BY ALL
