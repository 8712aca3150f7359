-- How the number of members changed, by day.
--
-- Reads: members
CREATE VIEW membership AS
SELECT
    changed_on,
    sum(new_members) AS new_members,
    sum(ended_members) AS ended_members,
    sum(change) AS change
FROM (
    -- A person who enrolled and left on the same day is not a member at the end of that day.
    SELECT
        local_day(enrolled_at) AS changed_on,
        1 AS new_members,
        0 AS ended_members,
        CASE WHEN ended_at IS NULL OR local_day(ended_at) > changed_on THEN 1 ELSE 0 END AS change
    FROM members
    UNION ALL
    SELECT
        local_day(ended_at) AS changed_on,
        0,
        1,
        CASE WHEN local_day(enrolled_at) < changed_on THEN -1 ELSE 0 END
    FROM members
    WHERE ended_at IS NOT NULL
)
GROUP BY ALL
