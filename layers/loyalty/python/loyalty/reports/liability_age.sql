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

-- What came of each movement, at its age. Points recorded as activated leave `pending` again, in the
-- month in which they came.
WITH moved AS MATERIALIZED (
    SELECT
        member_number,
        expires_on,
        months_between(
            month_of(CASE WHEN place = 'pending'
                THEN greatest(available_on, local_day(counted_at)) ELSE local_day(counted_at) END),
            month_of($last_day)
        )::INTEGER AS age_months,
        points,
        CASE WHEN place = 'pending' OR points > 0 THEN points ELSE 0 END AS came
    FROM movements
    WHERE counted_at < $until_at
        AND (expires_on IS NULL OR expires_on >= $last_day)
        AND (place = 'lot' OR (place = 'pending' AND available_on <= $last_day))
),

lots AS MATERIALIZED (
    SELECT
        member_number,
        expires_on,
        sum(points) AS left_of_lot,
        sum(came) AS came,
        min(age_months) FILTER (WHERE came <> 0) AS least_months,
        max(age_months) FILTER (WHERE came <> 0) AS most_months
    FROM moved
    GROUP BY ALL
    HAVING sum(points) > 0
),

-- In most lots all points came in one month, so only the other lots are split by month.
split AS (
    SELECT
        moved.member_number,
        moved.expires_on,
        moved.age_months,
        left_of_lot,
        sum(moved.came) AS came
    FROM moved
    JOIN lots ON lots.member_number = moved.member_number
        AND lots.expires_on IS NOT DISTINCT FROM moved.expires_on
    WHERE least_months < most_months
    GROUP BY ALL
),

parts AS (
    SELECT
        age_months,
        came,
        left_of_lot,
        whole(sum(came) OVER (PARTITION BY member_number, expires_on ORDER BY age_months
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS younger
    FROM split
    UNION ALL
    SELECT least_months, came, left_of_lot, 0
    FROM lots
    WHERE least_months = most_months
),

ages AS (
    SELECT
        age_months::BIGINT AS age_months,
        sum(greatest(0, least(came, left_of_lot - younger))) AS points
    FROM parts
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
