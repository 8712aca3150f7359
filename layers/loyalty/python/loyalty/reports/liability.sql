-- Points liability: what members hold, in points and in money, by when it expires.
--
-- Reads: daily
-- Chart: column | expires_in | points | state
-- Total: points, worth_minor
--
-- At the end of the period. `available` points can be spent, `pending` points cannot yet, and
-- `debt` is what members owe (negative). `available` and `debt` together are the summary's
-- points_outstanding, `pending` is its points_pending. Money uses the program's `point_value`, and
-- is null without one. Each row's worth is rounded toward zero, so the total may be a few minor
-- units less than the summary's liability_minor.
--
-- [Trials](evidence.md#all-members) say what a draft of the program would change about it.
--
-- | Column      | Unit        | What it is                                                        |
-- |-------------|-------------|-------------------------------------------------------------------|
-- | state       | state       | available, pending or debt                                        |
-- | expires_in  | month       | month in which the points expire, by its first day; null: never   |
-- | points      | points      | points in this state                                              |
-- | worth_minor | minor units | worth of these points                                             |

WITH held AS (
    SELECT
        CASE
            WHEN place = 'debt' THEN 'debt'
            WHEN place = 'pending' AND available_on > $last_day THEN 'pending'
            ELSE 'available'
        END AS state,
        month_of(expires_on) AS expires_in,
        sum(points) AS points
    FROM daily
    WHERE counted_on <= $final_day AND (expires_on IS NULL OR expires_on >= $last_day)
    GROUP BY ALL
)

SELECT state, expires_in, whole(points) AS points, worth(points) AS worth_minor
FROM held
WHERE points <> 0
ORDER BY state, expires_in NULLS LAST
