-- Sources: what each shop or till brought in.
--
-- Reads: entries, orders
-- Chart: bar | source | revenue_minor, guest_revenue_minor
-- Total: orders, revenue_minor, refunded_minor, guest_orders, guest_revenue_minor, points_earned
--
-- The sums of all rows equal the summary.
--
-- | Column              | Unit        | What it is                                            |
-- |---------------------|-------------|-------------------------------------------------------|
-- | source              | source      | the shop or till, as named by its orders              |
-- | orders              | orders      | members' orders                                       |
-- | revenue_minor       | minor units | value of these orders, less refunds in the period     |
-- | refunded_minor      | minor units | refunds in the period                                 |
-- | order_value_minor   | minor units | revenue_minor / orders                                |
-- | guest_orders        | orders      | guests' orders                                        |
-- | guest_revenue_minor | minor units | value of guests' orders                               |
-- | member_share        | ratio       | members' orders as a share of all orders              |
-- | points_earned       | points      | points given for its orders, including pending points |

WITH sold AS (
    SELECT
        source,
        count(member_number) AS orders,
        sum(amount_minor) FILTER (WHERE member_number IS NOT NULL) AS revenue_minor,
        count(*) - count(member_number) AS guest_orders,
        sum(amount_minor) FILTER (WHERE member_number IS NULL) AS guest_revenue_minor
    FROM orders
    WHERE occurred_at >= $from_at AND occurred_at < $until_at
    GROUP BY ALL
),

refunded AS (
    SELECT source, sum(refunded_minor) AS refunded_minor
    FROM entries
    WHERE refunded_minor > 0 AND happened_at >= $from_at AND happened_at < $until_at
    GROUP BY ALL
),

earned AS (
    SELECT source, sum(points + pending_points) AS points
    FROM entries
    WHERE entry_kind IN ('accrual', 'edit') AND source IS NOT NULL
        AND counted_at >= $from_at AND counted_at < $until_at
    GROUP BY ALL
)

SELECT
    source,
    whole(sold.orders) AS orders,
    whole(sold.revenue_minor) - whole(refunded.refunded_minor) AS revenue_minor,
    whole(refunded.refunded_minor) AS refunded_minor,
    ratio(
        whole(sold.revenue_minor) - whole(refunded.refunded_minor), whole(sold.orders)
    ) AS order_value_minor,
    whole(sold.guest_orders) AS guest_orders,
    whole(sold.guest_revenue_minor) AS guest_revenue_minor,
    ratio(whole(sold.orders), whole(sold.orders) + whole(sold.guest_orders)) AS member_share,
    whole(earned.points) AS points_earned
FROM sold
FULL JOIN refunded USING (source)
FULL JOIN earned USING (source)
ORDER BY
    whole(sold.revenue_minor) - whole(refunded.refunded_minor)
        + whole(sold.guest_revenue_minor) DESC,
    source
