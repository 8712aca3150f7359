-- Guests who could be members: who orders without enrolling, how often and for how much.
--
-- Reads: members, orders
-- Not of segments: Guests are no members, so no segment has any
-- Chart: column | orders_each | guests
--
-- Guests with orders in the period, told apart by a digest of their e-mail or phone, and grouped by
-- their number of orders. A guest who enrolls within the program's `claim_days` gets the points of
-- an order.
--
-- | Column           | Unit        | What it is                                                |
-- |------------------|-------------|-----------------------------------------------------------|
-- | orders_each      | orders      | orders of one guest, one to five; five means five or more |
-- | guests           | customers   | guests with this many orders                              |
-- | orders           | orders      | their orders                                              |
-- | revenue_minor    | minor units | value of these orders                                     |
-- | value_minor      | minor units | revenue_minor / guests                                    |
-- | claimable_guests | customers   | of these, guests with an order that can be claimed today  |
-- | claimable_orders | orders      | orders that can be claimed today                          |

WITH each_guest AS (
    SELECT
        count(*) AS orders,
        sum(amount_minor) AS revenue_minor,
        count(*) FILTER (
            WHERE occurred_at >= $as_of::TIMESTAMP - to_days(getvariable('claim_days'))
        ) AS claimable
    FROM purchases
    WHERE who = 'guests' AND occurred_at >= $from_at AND occurred_at < $until_at
    GROUP BY customer_number
)

SELECT
    least(orders, 5) AS orders_each,
    count(*) AS guests,
    whole(sum(orders)) AS orders,
    whole(sum(revenue_minor)) AS revenue_minor,
    ratio(sum(revenue_minor), count(*)) AS value_minor,
    count(*) FILTER (WHERE claimable > 0) AS claimable_guests,
    whole(sum(claimable)) AS claimable_orders
FROM each_guest
GROUP BY orders_each
ORDER BY orders_each
