-- Orders by customer: a member (after merges), or a guest by digest, or neither.
--
-- Reads: members, orders
CREATE VIEW purchases AS
SELECT
    CASE
        WHEN orders.member_number IS NOT NULL THEN 'members'
        WHEN orders.guest_number IS NOT NULL THEN 'guests'
        ELSE 'unknown'
    END AS who,
    coalesce(heirs.person_number, orders.member_number, orders.guest_number) AS customer_number,
    orders.source,
    orders.occurred_at,
    orders.amount_minor
FROM orders
LEFT JOIN heirs ON heirs.member_number = orders.member_number
