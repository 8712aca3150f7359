-- Members' money (after merges): in with orders, out with refunds.
--
-- Reads: entries, members, orders
CREATE VIEW sales AS
SELECT
    coalesce(heirs.person_id, payments.member_id) AS member_id,
    payments.sold_at,
    payments.orders,
    payments.amount_minor
FROM (
    SELECT member_id, occurred_at AS sold_at, 1 AS orders, amount_minor
    FROM orders
    WHERE member_id IS NOT NULL
    UNION ALL
    SELECT member_id, happened_at, 0, -refunded_minor
    FROM entries
    WHERE refunded_minor > 0
) AS payments
LEFT JOIN heirs USING (member_id)
