-- Breakage: what share of points expired unspent, and what share of the rest is likely to.
--
-- Reads: daily
-- Chart: column | expires_in | expired_points, forecast_points
--
-- One row for each month in which lots expire, from the month of the period's first day on. In
-- every row
--
--     issued = redeemed + clawed back - adjusted + expired + outstanding
--
-- A month is observed if its lots have expired by the end of the period. In a current month,
-- expired lots count as `expired` and the rest is forecast. The forecast is the run-off of a
-- development triangle (chain ladder, as actuaries use it for breakage under IFRS 15 B44-B47). It
-- looks at past months: of the points that were outstanding equally many months before the expiry,
-- on the same day of the month, it takes the share that expired, at most all. Without such a month
-- it is null. Points issued after the period are not included. Lots without an expiry date have no
-- month. Points that lapsed by inactivity count as expired in the month of their lot, or in the row
-- without a month, once the sweep has recorded it.
--
-- [Trials](evidence.md#all-members) say what a draft of the program would change about it.
--
-- | Column             | Unit        | What it is                                         |
-- |--------------------|-------------|----------------------------------------------------|
-- | expires_in         | month       | first day of the month in which the lots expire    |
-- | status             | status      | observed or forecast                               |
-- | issued_points      | points      | points that became available in these lots         |
-- | redeemed_points    | points      | points spent on rewards, less points returned by   |
-- |                    |             | cancellations                                      |
-- | clawed_back_points | points      | points taken back because of refunds               |
-- | adjusted_points    | points      | corrections, transfers, merges and imports         |
-- | expired_points     | points      | points past their last day, recorded or not        |
-- | outstanding_points | points      | points that can still be spent                     |
-- | forecast_points    | points      | of these, points likely to expire                  |
-- | breakage_rate      | ratio       | (expired_points + forecast_points) / issued_points |
-- | forecast_minor     | minor units | value of forecast_points, rounded to zero          |

WITH flow AS (
    SELECT
        month_of(expires_on) AS expires_in,
        -- The month, and whether the day of the month is later than that of the report's last day.
        -- No day is later than the last day of a month.
        month_of(counted_on) AS counted_in,
        day(counted_on) > day($last_day) AND $last_day <> last_day($last_day)
            AS is_later,
        entry_kind,
        CASE WHEN expires_on < $last_day THEN 'over' ELSE 'open' END AS stage,
        sum(points) AS points
    FROM daily
    WHERE place = 'lot' AND counted_on <= $final_day
    GROUP BY ALL
),

lots AS (
    SELECT
        expires_in,
        CASE WHEN expires_in < month_of($last_day) THEN 'observed' ELSE 'forecast' END AS status,
        months_between(month_of($last_day), expires_in) AS months_left,
        whole(sum(points) FILTER (
            WHERE entry_kind IN ('accrual', 'bonus', 'edit', 'activation')
        )) AS issued,
        -whole(sum(points) FILTER (
            WHERE entry_kind IN ('redemption', 'return', 'contribution')
        )) AS redeemed,
        -whole(sum(points) FILTER (WHERE entry_kind = 'clawback')) AS clawed_back,
        whole(sum(points) FILTER (
            WHERE entry_kind IN ('adjustment', 'import', 'merge', 'transfer')
        )) AS adjusted,
        -whole(sum(points) FILTER (WHERE entry_kind = 'expiry'))
            + whole(sum(points) FILTER (WHERE stage = 'over')) AS expired,
        whole(sum(points) FILTER (WHERE stage = 'open')) AS outstanding
    FROM flow
    GROUP BY expires_in
),

-- For expired lots: the points outstanding a number of months earlier, however the lots ended.
triangle AS (
    SELECT
        lots.expires_in,
        any_value(lots.expired) AS expired,
        ages.months_left,
        sum(flow.points) AS outstanding
    FROM lots
    CROSS JOIN (SELECT DISTINCT months_left FROM lots WHERE status = 'forecast') AS ages
    JOIN flow
        ON flow.expires_in = lots.expires_in
        AND months_between(flow.counted_in, lots.expires_in)
            >= ages.months_left + flow.is_later::INTEGER
        AND flow.entry_kind <> 'expiry'
    WHERE lots.status = 'observed'
    GROUP BY lots.expires_in, ages.months_left
    HAVING sum(flow.points) > 0
),

run_off AS (
    SELECT months_left, least(sum(expired), sum(outstanding)) AS lost, sum(outstanding) AS held
    FROM triangle
    GROUP BY ALL
),

forecast AS (
    SELECT
        lots.*,
        CASE WHEN status = 'forecast'
            THEN portion(greatest(0, outstanding), lost, held) END AS forecast
    FROM lots
    LEFT JOIN run_off USING (months_left)
)

SELECT
    expires_in,
    status,
    issued AS issued_points,
    redeemed AS redeemed_points,
    clawed_back AS clawed_back_points,
    adjusted AS adjusted_points,
    expired AS expired_points,
    outstanding AS outstanding_points,
    forecast AS forecast_points,
    ratio(expired + whole(forecast), issued) AS breakage_rate,
    worth(forecast) AS forecast_minor
FROM forecast
WHERE expires_in >= $first_month OR expires_in IS NULL
ORDER BY expires_in NULLS LAST
