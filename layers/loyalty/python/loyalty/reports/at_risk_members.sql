-- Members at risk: the hundred most valuable who have been silent for longer than usual, by id.
--
-- Reads: entries, members, orders
-- Chart: bar | member_id | revenue_minor
--
-- Members with three orders or more until the end of the period. The usual gap is the mean number
-- of days between a member's orders. By a rule of thumb, a member who has been silent for more than
-- twice their own usual gap is late. Members whose last order is before the period are gone, not at
-- risk.
--
-- | Column         | Unit        | What it is                                        |
-- |----------------|-------------|---------------------------------------------------|
-- | member_id      | member      | the member                                        |
-- | orders         | orders      | orders until the end of the period                |
-- | revenue_minor  | minor units | value of these orders, less refunds               |
-- | last_order_on  | day         | day of the last of these orders                   |
-- | usual_gap_days | days        | mean days between two orders                      |
-- | silent_days    | days        | days from the last order to the end of the period |

WITH buyers AS (
    SELECT
        member_number,
        sum(orders) AS orders,
        sum(amount_minor) AS revenue_minor,
        local_day(min(sold_at) FILTER (WHERE orders = 1)) AS first_order_on,
        local_day(max(sold_at) FILTER (WHERE orders = 1)) AS last_order_on
    FROM sales
    WHERE sold_at < $until_at
    GROUP BY ALL
    HAVING sum(orders) >= 3
),

late AS (
    SELECT
        *,
        last_order_on - first_order_on AS span_days,
        $last_day - last_order_on AS silent_days
    FROM buyers
    WHERE last_order_on >= $first_day
        AND silent_days * (orders - 1) > 2 * span_days AND span_days > 0
)

SELECT
    members.fact_id AS member_id,
    whole(orders) AS orders,
    whole(revenue_minor) AS revenue_minor,
    last_order_on,
    ratio(span_days, orders - 1) AS usual_gap_days,
    silent_days
FROM late
JOIN members ON members.fact_number = late.member_number
WHERE members.status = 'active'
ORDER BY late.revenue_minor DESC, member_id
LIMIT 100
