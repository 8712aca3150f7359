-- Campaigns: what each gave, what came back, what it costs, and what its orders brought in.
--
-- Reads: entries, members, orders
-- Chart: bar | campaign_id | points_left, recovered
-- Total: points, recovered, points_left, cost_minor
--
-- Members' orders of the period, with all that has become of them so far: a refund counts with its
-- order, whenever it comes. The worth is that of the program's `point_value`. A budget is that of
-- the program in force. If it is one for each day, week, month or year, it is that of the period's
-- last day. The other orders are those of the period that the campaign gave nothing. They may differ
-- in much besides: whoever buys more fulfills more conditions, so the difference is no proof that a
-- campaign raised it.
--
-- | Column              | Unit        | What it is                                              |
-- |---------------------|-------------|---------------------------------------------------------|
-- | campaign_id         | campaign    | the campaign's id in the program's document             |
-- | orders              | orders      | members' orders of the period that it gave points       |
-- | members             | members     | members who made them                                   |
-- | points              | points      | points that it gave for them, including pending points  |
-- | recovered           | points      | of these, taken back by refunds and changes so far      |
-- | points_left         | points      | points - recovered                                      |
-- | cost_minor          | minor units | worth of points_left; null without a `point_value`      |
-- | budget              | points      | its budget; null if it has none                         |
-- | budget_used         | points      | used of that budget so far; null if it has none         |
-- | revenue_minor       | minor units | value of its orders, less refunds so far                |
-- | order_minor         | minor units | revenue_minor / orders, rounded half up                 |
-- | other_orders        | orders      | members' orders of the period that it gave nothing      |
-- | other_revenue_minor | minor units | value of these, less refunds so far                     |
-- | other_order_minor   | minor units | other_revenue_minor / other_orders, rounded half up     |

WITH sold AS (
    SELECT source, order_id, person_number, revenue_minor
    FROM member_orders
    WHERE occurred_at >= $from_at AND occurred_at < $until_at
),

everything AS (
    SELECT count(*) AS orders, whole(sum(revenue_minor)) AS revenue_minor FROM sold
),

budgets AS (
    SELECT
        campaign_id,
        points,
        'budget:' || campaign_id || '#' || CASE per
            WHEN 'day' THEN strftime($last_day, '%Y-%m-%d')
            WHEN 'week' THEN strftime($last_day, '%G-W%V')
            WHEN 'month' THEN strftime($last_day, '%Y-%m')
            WHEN 'year' THEN strftime($last_day, '%Y')
            ELSE 'all'
        END AS name
    FROM campaign_budgets
),

used AS (
    SELECT part."limit" AS name, whole(sum(part.amount)) AS points
    FROM (
        SELECT unnest(counted) AS part
        FROM entries
        WHERE len(counted) > 0
    )
    GROUP BY ALL
),

totals AS (
    SELECT
        given.campaign_id,
        count(*) AS orders,
        count(DISTINCT sold.person_number) AS members,
        sum(given.points)::BIGINT AS points,
        sum(given.recovered)::BIGINT AS recovered,
        sum(sold.revenue_minor)::BIGINT AS revenue_minor
    FROM campaign_points AS given
    JOIN sold ON sold.source = given.source AND sold.order_id = given.order_id
    WHERE given.points > 0
    GROUP BY ALL
)

SELECT
    totals.campaign_id,
    totals.orders,
    totals.members,
    totals.points,
    totals.recovered,
    totals.points - totals.recovered AS points_left,
    worth(totals.points - totals.recovered) AS cost_minor,
    budgets.points AS budget,
    CASE WHEN budgets.points IS NOT NULL THEN whole(used.points) END AS budget_used,
    totals.revenue_minor,
    portion(totals.revenue_minor, 1, totals.orders) AS order_minor,
    everything.orders - totals.orders AS other_orders,
    everything.revenue_minor - totals.revenue_minor AS other_revenue_minor,
    portion(
        everything.revenue_minor - totals.revenue_minor, 1, everything.orders - totals.orders
    ) AS other_order_minor
FROM totals
CROSS JOIN everything
LEFT JOIN budgets ON budgets.campaign_id = totals.campaign_id
LEFT JOIN used ON used.name = budgets.name
ORDER BY points_left DESC, totals.campaign_id
