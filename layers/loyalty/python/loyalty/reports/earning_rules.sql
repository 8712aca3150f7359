-- Earning rules: the points and the revenue that each accounts for.
--
-- Reads: entries, orders
-- Chart: bar | rule_id | points
--
-- Members' orders of the period, as they were when they earned: refunds are not spread over rules.
-- A rule's revenue is the money of the lines that earned under it; lines that earn under two rules
-- count for both.
--
-- | Column        | Unit        | What it is                                                     |
-- |---------------|-------------|----------------------------------------------------------------|
-- | rule_id       | rule        | as in the document                                             |
-- | orders        | orders      | that earned under it                                           |
-- | members       | members     | whose orders earned under it                                   |
-- | points        | points      | earned under it, pending ones included                         |
-- | points_share  | ratio       | of the points of all rules                                     |
-- | revenue_minor | minor units | of the lines that earned                                       |
-- | revenue_share | ratio       | of what all members' orders of the period were worth           |
-- | points_rate   | rate        | points per minor unit: points / revenue_minor                 |

WITH earned AS (
    SELECT
        rule_id,
        count(*) AS orders,
        count(DISTINCT member_id) AS members,
        sum(points) AS points,
        sum(eligible_minor) AS revenue_minor
    FROM rules
    WHERE happened_at >= $from_at AND happened_at < $until_at
    GROUP BY ALL
),

sold AS (
    SELECT sum(amount_minor) AS revenue_minor
    FROM orders
    WHERE member_id IS NOT NULL AND occurred_at >= $from_at AND occurred_at < $until_at
)

SELECT
    rule_id,
    orders,
    members,
    whole(points) AS points,
    ratio(points, sum(points) OVER ()) AS points_share,
    whole(earned.revenue_minor) AS revenue_minor,
    ratio(earned.revenue_minor, sold.revenue_minor) AS revenue_share,
    ratio(points, earned.revenue_minor) AS points_rate
FROM earned, sold
ORDER BY points DESC, rule_id
