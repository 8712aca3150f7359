-- Redemptions right after a member got many points at once, by orders, bonuses or by hand.
--
-- Reads: entries, members

WITH theirs AS (
    SELECT
        coalesce(heirs.person_number, entries.member_number) AS person_number,
        entry_kind,
        points,
        counted_at,
        redemption_id
    FROM entries
    LEFT JOIN heirs ON heirs.member_number = entries.member_number
    WHERE counted_at >= $from_at AND counted_at < $until_at
)

SELECT
    redemption.person_number AS member_number,
    NULL::VARCHAR AS staff_member,
    redemption.redemption_id AS cause,
    max(jump.points)::BIGINT AS found
FROM theirs AS redemption
JOIN theirs AS jump USING (person_number)
WHERE redemption.entry_kind = 'redemption' AND redemption.points < 0
    AND jump.entry_kind IN ('accrual', 'edit', 'bonus', 'adjustment')
    AND jump.points >= $points_at_least
    AND jump.counted_at <= redemption.counted_at
    AND epoch_us(redemption.counted_at) - epoch_us(jump.counted_at) <= $minutes * 60000000
GROUP BY ALL
