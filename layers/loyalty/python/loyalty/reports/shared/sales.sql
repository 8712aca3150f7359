-- Members' money (after merges): in with orders, out with refunds.
--
-- Reads: entries, members, orders
CREATE VIEW sales AS
SELECT
    coalesce(heirs.person_number, payments.member_number) AS member_number,
    payments.sold_at,
    payments.orders,
    payments.amount_minor
FROM (
    SELECT member_number, occurred_at AS sold_at, 1 AS orders, amount_minor
    FROM orders
    WHERE member_number IS NOT NULL
    UNION ALL
    SELECT member_number, happened_at, 0, -refunded_minor
    FROM entries
    WHERE refunded_minor > 0
) AS payments
LEFT JOIN heirs USING (member_number)
