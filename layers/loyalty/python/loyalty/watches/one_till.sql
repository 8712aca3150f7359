-- Many orders of one member that one person recorded at a till.
--
-- Reads: entries, members

SELECT
    coalesce(heirs.person_number, entries.member_number) AS member_number,
    recorded_by AS staff_member,
    strftime($last_day, '%Y-%m') || '#' || recorded_by AS cause,
    count(*)::BIGINT AS found
FROM entries
LEFT JOIN heirs ON heirs.member_number = entries.member_number
WHERE entry_kind = 'accrual' AND recorded_by IS NOT NULL AND list_contains($sources, source)
    AND happened_at >= $from_at AND happened_at < $until_at
GROUP BY ALL
HAVING count(*) >= $orders_at_least
