-- Money of members (after merges), as it came with orders and went with refunds.
--
-- Reads: entries, members, orders
CREATE VIEW sales AS
SELECT
    coalesce(heirs.person_id, told.member_id) AS member_id,
    told.sold_at,
    told.orders,
    told.amount_minor
FROM (
    SELECT member_id, occurred_at AS sold_at, 1 AS orders, amount_minor
    FROM orders
    WHERE member_id IS NOT NULL
    UNION ALL
    SELECT member_id, happened_at, 0, -refunded_minor
    FROM entries
    WHERE refunded_minor > 0
) AS told
LEFT JOIN heirs USING (member_id)
