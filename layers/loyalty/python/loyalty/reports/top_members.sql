-- Top members: the hundred who brought in the most over the period, by id.
--
-- Reads: entries, members, orders
-- Chart: bar | member_id | revenue_minor
--
-- Only current members. The report does not show who they are; their profiles do, to those who may
-- read them.
--
-- | Column        | Unit        | What it is                                          |
-- |---------------|-------------|-----------------------------------------------------|
-- | member_id     | member      | the member                                          |
-- | level         | level       | level at the end of the period; null: none          |
-- | orders        | orders      | orders in the period                                |
-- | revenue_minor | minor units | value of these orders, less refunds                 |
-- | last_order_on | day         | day of the last of these orders                     |
-- | points        | points      | points to spend at the end of the period, less debt |

WITH spent AS (
    SELECT
        member_number,
        sum(orders) AS orders,
        sum(amount_minor) AS revenue_minor,
        local_day(max(sold_at) FILTER (WHERE orders = 1)) AS last_order_on
    FROM sales
    WHERE sold_at >= $from_at AND sold_at < $until_at
    GROUP BY member_number
    HAVING sum(orders) > 0
),

top AS (
    SELECT members.fact_id AS member_id, spent.*
    FROM spent
    JOIN members ON members.fact_number = spent.member_number
    WHERE members.status = 'active'
    ORDER BY revenue_minor DESC, member_id
    LIMIT 100
),

-- The top members' own numbers, and those of the members merged into them.
accounts AS (
    SELECT member_number AS person_number, member_number FROM top
    UNION ALL
    SELECT person_number, member_number
    FROM heirs
    WHERE person_number IN (SELECT member_number FROM top)
),

theirs AS (
    SELECT
        member_number,
        recorded_at,
        counted_at,
        movements,
        qualifying_counter,
        qualifying_amount,
        levels_reached
    FROM entries
    WHERE member_number IN (SELECT member_number FROM accounts)
),

held AS (
    SELECT accounts.person_number AS member_number, sum(movement.points) AS points
    FROM (SELECT member_number, counted_at, unnest(movements) AS movement FROM theirs)
    JOIN accounts USING (member_number)
    WHERE counted_at < $until_at
        AND (movement.expires_on IS NULL OR movement.expires_on >= $last_day)
        AND (movement.place <> 'pending' OR movement.available_on <= $last_day)
    GROUP BY ALL
)

SELECT
    member_id,
    standing.level,
    whole(top.orders) AS orders,
    whole(top.revenue_minor) AS revenue_minor,
    last_order_on,
    whole(held.points) AS points
FROM top
LEFT JOIN held USING (member_number)
LEFT JOIN standings('theirs', $last_day, $until_at) AS standing USING (member_number)
ORDER BY top.revenue_minor DESC, member_id
