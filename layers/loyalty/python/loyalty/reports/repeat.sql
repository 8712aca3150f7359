-- Repeat purchases: how many customers go on to a second order, a third, …, and how soon.
--
-- Reads: members, orders
-- Chart: funnel | orders | customers | | who
--
-- Covers the orders of the period, for members and for guests (told apart by a digest of their
-- e-mail or phone). The repeat purchase rate is `repeat_rate` in the row of one order. Days are
-- whole days of the program between consecutive orders. Quantiles are observed values: the smallest
-- value that at least that share of customers does not exceed.
--
-- How many came back within `within_days` days (14 unless the request says otherwise) is counted of
-- those who had as many days for it until the end of the period, or until today.
--
-- | Column         | Unit      | What it is                                                      |
-- |----------------|-----------|-----------------------------------------------------------------|
-- | who            | customers | members or guests                                               |
-- | orders         | orders    | number of orders, one to ten                                    |
-- | customers      | customers | customers with at least this many orders                        |
-- | went_on        | customers | of these, customers who ordered again                           |
-- | repeat_rate    | ratio     | went_on / customers                                             |
-- | days_p25       | days      | days until the next order that a quarter of them needed at most |
-- | days_median    | days      | days until the next order that half of them needed at most      |
-- | days_p75       | days      | days until the next order that three quarters of them needed at |
-- |                |           | most                                                            |
-- | had_time       | customers | of the customers, those who had these days to come back         |
-- | came_back      | customers | of these, customers who ordered again within these days         |
-- | came_back_rate | ratio     | came_back / had_time                                            |

WITH histories AS (
    SELECT who, list_sort(list(local_day(occurred_at)))[1:11] AS days
    FROM purchases
    WHERE who <> 'unknown' AND occurred_at >= $from_at AND occurred_at < $until_at
    GROUP BY who, customer_number
),

reached AS (
    SELECT
        who,
        orders,
        days[orders + 1] - days[orders] AS gap,
        days[orders] + $within_days::INTEGER <= $last_day::DATE AS had_time
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
    quantile_disc(gap, 0.75)::BIGINT AS days_p75,
    count(*) FILTER (WHERE had_time) AS had_time,
    count(*) FILTER (WHERE had_time AND gap <= $within_days) AS came_back,
    ratio(
        count(*) FILTER (WHERE had_time AND gap <= $within_days), count(*) FILTER (WHERE had_time)
    ) AS came_back_rate
FROM reached
GROUP BY who, orders
ORDER BY who DESC, orders
