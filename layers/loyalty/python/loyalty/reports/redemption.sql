-- Redemption: how many members of a cohort spend points, how soon, and how much of them.
--
-- Reads: entries, members
-- Chart: column | cohort | redeemer_rate
--
-- Members by the month they enrolled in, for cohorts within the period, with everything they did
-- until its end. Cancelled redemptions do not count. Quantiles are observed values.
--
-- | Column          | Unit    | What it is                                                        |
-- |-----------------|---------|-------------------------------------------------------------------|
-- | cohort          | month   | first day of the month of enrollment                              |
-- | members         | members | members of the cohort                                             |
-- | earners         | members | of these, members who were ever given points for an order or as a |
-- |                 |         | bonus                                                             |
-- | redeemers       | members | of these, members who ever redeemed a reward                      |
-- | redeemer_rate   | ratio   | redeemers / members                                               |
-- | days_p25        | days    | days from enrollment to the first redemption, for a quarter of    |
-- |                 |         | redeemers at most                                                 |
-- | days_median     | days    | the same for half of the redeemers                                |
-- | days_p75        | days    | the same for three quarters of them                               |
-- | points_earned   | points  | points given to the cohort for orders and as bonuses              |
-- | points_redeemed | points  | points spent on rewards                                           |
-- | redemption_rate | ratio   | points_redeemed / points_earned                                   |

WITH done AS (
    SELECT
        coalesce(heirs.person_number, entries.member_number) AS member_number,
        sum(points + pending_points)
            FILTER (WHERE entry_kind IN ('accrual', 'bonus', 'edit')) AS earned,
        -sum(points)
            FILTER (WHERE entry_kind IN ('redemption', 'return', 'contribution')) AS redeemed,
        min(happened_at) FILTER (
            WHERE entry_kind = 'redemption' AND redemption_id NOT IN (
                SELECT redemption_id FROM entries
                WHERE entry_kind = 'return' AND redemption_id IS NOT NULL
                    AND happened_at < $until_at
            )
        ) AS first_at
    FROM entries
    LEFT JOIN heirs USING (member_number)
    WHERE entry_kind IN (
        'accrual', 'bonus', 'edit', 'redemption', 'return', 'contribution'
    )
        AND happened_at < $until_at
    GROUP BY ALL
),

cohorts AS (
    SELECT
        month_of(local_day(members.enrolled_at)) AS cohort,
        done.earned,
        done.redeemed,
        done.first_at,
        greatest(0, local_day(done.first_at) - local_day(members.enrolled_at)) AS days
    FROM members
    LEFT JOIN done ON done.member_number = members.fact_number
    WHERE members.status <> 'merged'
        AND members.enrolled_at >= $from_at AND members.enrolled_at < $until_at
)

SELECT
    cohort,
    count(*) AS members,
    count(*) FILTER (WHERE earned > 0) AS earners,
    count(first_at) AS redeemers,
    ratio(count(first_at), count(*)) AS redeemer_rate,
    quantile_disc(days, 0.25) FILTER (WHERE first_at IS NOT NULL)::BIGINT AS days_p25,
    quantile_disc(days, 0.5) FILTER (WHERE first_at IS NOT NULL)::BIGINT AS days_median,
    quantile_disc(days, 0.75) FILTER (WHERE first_at IS NOT NULL)::BIGINT AS days_p75,
    whole(sum(earned)) AS points_earned,
    whole(sum(redeemed)) AS points_redeemed,
    ratio(whole(sum(redeemed)), whole(sum(earned))) AS redemption_rate
FROM cohorts
GROUP BY cohort
ORDER BY cohort
