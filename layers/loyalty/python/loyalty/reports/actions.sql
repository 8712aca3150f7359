-- Actions: what each person of the staff did, and how many points they moved by hand.
--
-- Reads: actions
-- Not of segments: Its rows are about colleagues, not about members
-- For: managers
-- Chart: bar | person | done | action
--
-- Only managers can read it. People are the subjects of their tokens; `GET /people/{subject}` says
-- who they are. What they recorded at the till is not here. A request that was sent twice is two
-- actions, and its points count once.
--
-- | Column       | Unit    | What it is                                                       |
-- |--------------|---------|------------------------------------------------------------------|
-- | person       | person  | the subject of the person's tokens                               |
-- | action       | action  | what they did                                                    |
-- | done         | actions | carried out                                                      |
-- | refused      | actions | refused, so nothing changed                                      |
-- | unfinished   | actions | failed, or did not report an end; they may have had their effect |
-- | members      | members | members whom they were about                                     |
-- | points_added | points  | points that they added by hand                                   |
-- | points_taken | points  | points that they took, or moved to another member, by hand       |

WITH counted AS (
    SELECT
        staff_member,
        action,
        state,
        began_at,
        CASE WHEN target_kind = 'member' AND target_id <> '' THEN target_id END AS member_id,
        CASE WHEN entry_id IS NULL OR row_number() OVER (
            PARTITION BY entry_id ORDER BY began_at, fact_id
        ) = 1 THEN points END AS points
    FROM actions
)

SELECT
    staff_member AS person,
    action,
    count(*) FILTER (WHERE state = 'done') AS done,
    count(*) FILTER (WHERE state = 'refused') AS refused,
    count(*) FILTER (WHERE state IN ('begun', 'failed')) AS unfinished,
    count(DISTINCT member_id) AS members,
    whole(sum(points) FILTER (WHERE points > 0)) AS points_added,
    whole(-sum(points) FILTER (WHERE points < 0)) AS points_taken
FROM counted
WHERE began_at >= $from_at AND began_at < $until_at
GROUP BY ALL
ORDER BY staff_member, action
