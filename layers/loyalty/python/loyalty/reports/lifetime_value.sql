-- Customer lifetime value: what customers brought in so far, by cohort and level.
--
-- Reads: entries, members, orders
-- Chart: line | cohort | revenue_minor / customers | who
--
-- Members are grouped by the month they enrolled in, guests by the month of their first order. The
-- report shows cohorts within the period, with everything that their customers bought until its
-- end, less refunds. Guests' refunds are not known. Nothing is projected: older cohorts had more
-- time.
--
-- | Column              | Unit        | What it is                                           |
-- |---------------------|-------------|------------------------------------------------------|
-- | who                 | customers   | members or guests                                    |
-- | cohort              | month       | first day of the month of enrollment or of the first |
-- |                     |             | order                                                |
-- | level               | level       | members' level at the end of the period; null: none  |
-- | customers           | customers   | all customers of the cohort, even without an order   |
-- | buyers              | customers   | of these, customers with an order                    |
-- | orders              | orders      | all their orders                                     |
-- | revenue_minor       | minor units | value of these orders, less refunds                  |
-- | value_minor         | minor units | revenue_minor / customers                            |
-- | orders_per_customer | orders      | orders / customers                                   |
-- | order_value_minor   | minor units | revenue_minor / orders                               |

WITH cohorts AS (
    SELECT fact_number AS member_number, month_of(local_day(enrolled_at)) AS cohort
    FROM members
    WHERE status <> 'merged' AND enrolled_at >= $from_at AND enrolled_at < $until_at
),

-- The cohorts' entries, under their own ids and those of the members merged into them.
theirs AS (
    SELECT member_number, recorded_at, qualifying_counter, qualifying_amount, levels_reached
    FROM entries
    WHERE member_number IN (
        SELECT member_number FROM cohorts
        UNION ALL
        SELECT member_number FROM heirs WHERE person_number IN (SELECT member_number FROM cohorts)
    )
),

spent AS (
    SELECT member_number, sum(orders) AS orders, sum(amount_minor) AS revenue_minor
    FROM sales
    WHERE sold_at < $until_at AND member_number IN (SELECT member_number FROM cohorts)
    GROUP BY ALL
),

customers AS (
    SELECT
        'members' AS who,
        cohort,
        standing.level,
        whole(spent.orders) AS orders,
        whole(spent.revenue_minor) AS revenue_minor
    FROM cohorts
    LEFT JOIN spent USING (member_number)
    LEFT JOIN standings('theirs', $last_day, $until_at) AS standing USING (member_number)
    UNION ALL
    SELECT 'guests', month_of(local_day(min(occurred_at))), NULL, count(*), whole(sum(amount_minor))
    FROM purchases
    WHERE who = 'guests' AND occurred_at < $until_at
    GROUP BY customer_number
    HAVING min(occurred_at) >= $from_at
)

SELECT
    who,
    cohort,
    level,
    count(*) AS customers,
    count(*) FILTER (WHERE customers.orders > 0) AS buyers,
    whole(sum(customers.orders)) AS orders,
    whole(sum(customers.revenue_minor)) AS revenue_minor,
    ratio(whole(sum(customers.revenue_minor)), count(*)) AS value_minor,
    ratio(whole(sum(customers.orders)), count(*)) AS orders_per_customer,
    ratio(whole(sum(customers.revenue_minor)), whole(sum(customers.orders))) AS order_value_minor
FROM customers
GROUP BY who, cohort, level
ORDER BY who DESC, cohort, level NULLS FIRST
