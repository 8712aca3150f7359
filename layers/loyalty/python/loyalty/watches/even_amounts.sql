-- Members whose orders at a till cost round amounts.
--
-- Reads: members, orders

SELECT
    coalesce(heirs.person_number, orders.member_number) AS member_number,
    NULL::VARCHAR AS staff_member,
    strftime($last_day, '%Y-%m') AS cause,
    count(*)::BIGINT AS found
FROM orders
LEFT JOIN heirs ON heirs.member_number = orders.member_number
WHERE orders.member_number IS NOT NULL AND list_contains($sources, source)
    AND amount_minor > 0 AND amount_minor % $multiple_of_minor = 0
    AND occurred_at >= $from_at AND occurred_at < $until_at
GROUP BY ALL
HAVING count(*) >= $orders_at_least
