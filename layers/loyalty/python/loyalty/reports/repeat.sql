-- Repeat purchases: how many customers go on to a second order, a third, …, and how soon.
--
-- Reads: members, orders
-- Chart: funnel | orders | customers | | who
--
-- Over the orders of the period, for members and for guests (by a digest of their e-mail or
-- phone). The repeat purchase rate is `repeat_rate` in the row of one order. Days are whole days
-- of the program between two orders that follow each other; quantiles are observed values (the
-- smallest that at least so many customers do not exceed).
--
-- | Column      | Unit      | What it is                                                     |
-- |-------------|-----------|----------------------------------------------------------------|
-- | who         | customers | members or guests                                              |
-- | orders      | orders    | one to ten                                                     |
-- | customers   | customers | who ordered at least so often                                  |
-- | went_on     | customers | of these, who ordered once more                                |
-- | repeat_rate | ratio     | went_on / customers                                            |
-- | days_p25    | days      | until that next order, for the quickest quarter at most        |
-- | days_median | days      | until that next order, for half of them at most                |
-- | days_p75    | days      | until that next order, for three quarters of them at most      |

WITH histories AS (
    SELECT who, list_sort(list(local_day(occurred_at)))[1:11] AS days
    FROM purchases
    WHERE who <> 'unknown' AND occurred_at >= $from_at AND occurred_at < $until_at
    GROUP BY who, customer_id
),

reached AS (
    SELECT
        who,
        orders,
        days[orders + 1] - days[orders] AS gap
    FROM (SELECT who, days, unnest(range(1, least(len(days), 10) + 1)) AS orders FROM histories)
)

SELECT
    who,
    orders::BIGINT AS orders,
    count(*) AS customers,
    count(gap) AS went_on,
    ratio(count(gap), count(*)) AS repeat_rate,
    quantile_disc(gap, 0.25)::BIGINT AS days_p25,
    quantile_disc(gap, 0.5)::BIGINT AS days_median,
    quantile_disc(gap, 0.75)::BIGINT AS days_p75
FROM reached
GROUP BY who, orders
ORDER BY who DESC, orders
