-- Rewards: what was redeemed, whether it was used, what it cost and which orders it came with.
--
-- Reads: orders, vouchers
-- Chart: bar | reward_id | used, open, expired, cancelled
-- Total: redeemed, granted, used, open, expired, cancelled, points, points_worth_minor, cost_minor
--
-- Uses the state of each voucher today, whether or not the calendar's changes were recorded. What a
-- used one costs is the first of these that is known: the voucher's own amount, if members choose
-- how many points they pay; the reward's `cost_minor` in the program's current document; its
-- `amount_minor`; what its percentage took off the goods of its order, as if that was the order's
-- only discount. The last is not known of a voucher used without an order, nor of a reward for
-- certain `skus`. While the cost of one used voucher is not known, the sum is not: give the reward a
-- `cost_minor`.
--
-- | Column              | Unit        | What it is                                            |
-- |---------------------|-------------|-------------------------------------------------------|
-- | reward_id           | reward      | the reward's id in the program's document             |
-- | redeemed            | vouchers    | vouchers redeemed or given in the period              |
-- | granted             | vouchers    | of these, given for no points                         |
-- | used                | vouchers    | of these, used                                        |
-- | open                | vouchers    | of these, held or issued, and still valid             |
-- | expired             | vouchers    | of these, expired without use                         |
-- | cancelled           | vouchers    | of these, cancelled; their points came back           |
-- | used_rate           | ratio       | used / (redeemed - cancelled)                         |
-- | points              | points      | points spent on them, without cancelled ones          |
-- | points_worth_minor  | minor units | worth of these points; null without a `point_value`   |
-- | cost_minor          | minor units | what the used ones cost you; null: not known          |
-- | orders              | orders      | number of orders they were used with                  |
-- | order_revenue_minor | minor units | value of these orders when they were paid             |

WITH redeemed AS (
    SELECT
        vouchers.reward_id,
        CASE
            WHEN state = 'held' AND held_until <= $as_of THEN 'cancelled'
            WHEN state = 'issued' AND expires_at <= $as_of THEN 'expired'
            ELSE state
        END AS state,
        points,
        granted_for,
        coalesce(
            vouchers.amount_minor,
            catalog.cost_minor,
            catalog.amount_minor,
            -- What is left of the goods is all but the percentage.
            portion(orders.goods_minor, catalog.percent_of_goods, 100 - catalog.percent_of_goods)
        ) AS cost_minor,
        used_source,
        used_order_id
    FROM vouchers
    LEFT JOIN catalog ON catalog.reward_id = vouchers.reward_id
    LEFT JOIN orders
        ON orders.source = vouchers.used_source AND orders.order_id = vouchers.used_order_id
        AND catalog.percent_of_goods IS NOT NULL
    WHERE issued_at >= $from_at AND issued_at < $until_at
),

used_with AS (
    SELECT reward_id, count(*) AS orders, sum(orders.amount_minor) AS revenue_minor
    FROM (
        SELECT DISTINCT reward_id, used_source, used_order_id
        FROM redeemed
        WHERE state = 'used' AND used_order_id IS NOT NULL
    ) AS used
    LEFT JOIN orders ON orders.source = used.used_source AND orders.order_id = used.used_order_id
    GROUP BY ALL
)

SELECT
    reward_id,
    count(*) AS redeemed,
    count(*) FILTER (WHERE granted_for IS NOT NULL) AS granted,
    count(*) FILTER (WHERE state = 'used') AS used,
    count(*) FILTER (WHERE state IN ('held', 'issued')) AS open,
    count(*) FILTER (WHERE state = 'expired') AS expired,
    count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
    ratio(
        count(*) FILTER (WHERE state = 'used'), count(*) FILTER (WHERE state <> 'cancelled')
    ) AS used_rate,
    whole(sum(points) FILTER (WHERE state <> 'cancelled')) AS points,
    worth(whole(sum(points) FILTER (WHERE state <> 'cancelled'))) AS points_worth_minor,
    -- A single used voucher of unknown cost makes the sum unknown.
    CASE WHEN count(*) FILTER (WHERE state = 'used' AND cost_minor IS NULL) = 0
        THEN whole(sum(cost_minor) FILTER (WHERE state = 'used')) END AS cost_minor,
    whole(any_value(used_with.orders)) AS orders,
    whole(any_value(used_with.revenue_minor)) AS order_revenue_minor
FROM redeemed
LEFT JOIN used_with USING (reward_id)
GROUP BY reward_id
ORDER BY redeemed DESC, reward_id
