-- Members' orders (after merges), and what each cost, less refunds so far.
--
-- Reads: entries, members, orders
CREATE VIEW member_orders AS
SELECT
    orders.source,
    orders.order_id,
    coalesce(heirs.person_number, orders.member_number) AS person_number,
    orders.occurred_at,
    orders.amount_minor - whole(refunds.amount_minor) AS revenue_minor
FROM orders
LEFT JOIN heirs ON heirs.member_number = orders.member_number
LEFT JOIN (
    SELECT source, order_id, sum(refunded_minor) AS amount_minor
    FROM entries
    WHERE refunded_minor <> 0
    GROUP BY ALL
) AS refunds ON refunds.source = orders.source AND refunds.order_id = orders.order_id
WHERE orders.member_number IS NOT NULL
