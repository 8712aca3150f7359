-- Members who return much of what they buy.
--
-- Reads: entries, members, orders

WITH bought AS (
    SELECT
        coalesce(heirs.person_number, orders.member_number) AS person_number,
        count(*) AS orders
    FROM orders
    LEFT JOIN heirs ON heirs.member_number = orders.member_number
    WHERE orders.member_number IS NOT NULL
        AND occurred_at >= $from_at AND occurred_at < $until_at
    GROUP BY ALL
    HAVING count(*) >= $orders_at_least
),

refunded AS (
    SELECT
        coalesce(heirs.person_number, entries.member_number) AS person_number,
        count(DISTINCT (source, order_id)) AS orders
    FROM entries
    LEFT JOIN heirs ON heirs.member_number = entries.member_number
    WHERE entry_kind = 'clawback' AND refunded_minor > 0
        AND happened_at >= $from_at AND happened_at < $until_at
    GROUP BY ALL
)

SELECT
    person_number AS member_number,
    NULL::VARCHAR AS staff_member,
    strftime($last_day, '%Y-%m') AS cause,
    (100 * refunded.orders // bought.orders)::BIGINT AS found
FROM bought
JOIN refunded USING (person_number)
WHERE 100 * refunded.orders >= $percent_at_least * bought.orders
