-- Earning rules: the points and the revenue of each rule, and of each campaign.
--
-- Reads: entries, orders
-- Chart: bar | rule_id | points
--
-- Members' orders of the period, with the points they earned at first: refunds are not spread over
-- rules. A rule's revenue is the money of the lines that earned under it. A line that earns under
-- two rules counts for both. Campaigns stand beside the rules; `campaigns` says more of them.
--
-- | Column        | Unit        | What it is                                              |
-- |---------------|-------------|---------------------------------------------------------|
-- | rule_id       | rule        | the id of the rule or campaign in the document          |
-- | kind          | word        | `rule` or `campaign`                                    |
-- | orders        | orders      | orders that earned under it                             |
-- | members       | members     | members whose orders earned under it                    |
-- | points        | points      | points earned under it, including pending points        |
-- | points_share  | ratio       | share of the points of all rules and campaigns          |
-- | revenue_minor | minor units | value of the lines that earned under it                 |
-- | revenue_share | ratio       | share of the value of all members' orders of the period |
-- | points_rate   | rate        | points per minor unit: points / revenue_minor           |

WITH earned AS (
    SELECT
        rule_id,
        kind,
        count(*) AS orders,
        count(DISTINCT member_number) AS members,
        sum(points) AS points,
        sum(eligible_minor) AS revenue_minor
    FROM rules
    WHERE happened_at >= $from_at AND happened_at < $until_at
    GROUP BY ALL
),

sold AS (
    SELECT sum(amount_minor) AS revenue_minor
    FROM orders
    WHERE member_number IS NOT NULL AND occurred_at >= $from_at AND occurred_at < $until_at
)

SELECT
    rule_id,
    kind,
    orders,
    members,
    whole(points) AS points,
    ratio(points, sum(points) OVER ()) AS points_share,
    whole(earned.revenue_minor) AS revenue_minor,
    ratio(earned.revenue_minor, sold.revenue_minor) AS revenue_share,
    ratio(points, earned.revenue_minor) AS points_rate
FROM earned, sold
ORDER BY points DESC, rule_id, kind
