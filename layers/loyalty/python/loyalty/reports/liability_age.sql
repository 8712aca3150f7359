-- Points liability by age: how long members have held the points that they can spend.
--
-- Reads: entries
-- Chart: column | age_months | points
-- Total: points, worth_minor
--
-- At the end of the period. A member's points with one expiry date are a lot, and the oldest points
-- of a lot are spent first. Age counts from the month in which the points became available to the
-- member, by an order, a bonus or a transfer. Debts are not included.
--
-- | Column      | Unit        | What it is                                                        |
-- |-------------|-------------|-------------------------------------------------------------------|
-- | age_months  | months      | months since the points came; 0 is the month of the period's last |
-- |             |             | day                                                               |
-- | points      | points      | points of this age                                                |
-- | share       | ratio       | share of all points                                               |
-- | worth_minor | minor units | worth of these points; null without a `point_value`               |

-- Members are told apart by a hash of 64 bits, because texts take twice as long. Among a million
-- members, two share one once in forty million lakes.
WITH flow AS (
    SELECT
        hash(member_id) AS member,
        expires_on,
        months_between(
            month_of(CASE WHEN place = 'pending'
                THEN greatest(available_on, local_day(counted_at)) ELSE local_day(counted_at) END),
            month_of($last_day)
        ) AS age_months,
        -- Points recorded as activated have left `pending` again, in the month in which they came.
        whole(sum(points) FILTER (WHERE place = 'lot' AND points > 0))
            + whole(sum(points) FILTER (WHERE place = 'pending')) AS came,
        sum(points) AS change
    FROM movements
    WHERE counted_at < $until_at
        AND (expires_on IS NULL OR expires_on >= $last_day)
        AND (place = 'lot' OR (place = 'pending' AND available_on <= $last_day))
    GROUP BY ALL
),

lots AS (
    SELECT
        age_months,
        came,
        sum(change) OVER lot AS left_of_lot,
        whole(sum(came) OVER (lot ORDER BY age_months
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS younger
    FROM flow
    WINDOW lot AS (PARTITION BY member, expires_on)
),

ages AS (
    SELECT
        age_months,
        sum(greatest(0, least(came, left_of_lot - younger))) AS points
    FROM lots
    WHERE left_of_lot > younger AND came > 0
    GROUP BY ALL
)

SELECT
    age_months,
    whole(points) AS points,
    ratio(points, sum(points) OVER ()) AS share,
    worth(points) AS worth_minor
FROM ages
ORDER BY age_months
