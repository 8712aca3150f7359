-- Members who spent the points of orders that were refunded later, so that they were forgiven.
--
-- Reads: members, order_states, orders

SELECT
    coalesce(heirs.person_number, orders.member_number) AS member_number,
    NULL::VARCHAR AS staff_member,
    strftime($last_day, '%Y-%m') AS cause,
    count(*)::BIGINT AS found
FROM order_states
JOIN orders USING (source, order_id)
LEFT JOIN heirs ON heirs.member_number = orders.member_number
WHERE forgiven > 0 AND changed_at >= $from_at AND changed_at < $until_at
    AND orders.member_number IS NOT NULL
GROUP BY ALL
HAVING count(*) >= $times_at_least
