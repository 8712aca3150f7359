-- Orders by customer: a member (after merges), or a guest by digest, or neither.
--
-- Reads: members, orders
CREATE VIEW purchases AS
SELECT
    CASE
        WHEN orders.member_id IS NOT NULL THEN 'members'
        WHEN orders.guest_id IS NOT NULL THEN 'guests'
        ELSE 'unknown'
    END AS who,
    coalesce(heirs.person_id, orders.member_id, orders.guest_id) AS customer_id,
    orders.source,
    orders.occurred_at,
    orders.amount_minor
FROM orders
LEFT JOIN heirs ON heirs.member_id = orders.member_id
