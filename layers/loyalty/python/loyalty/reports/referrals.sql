-- Referrals: how far the friends of members get, from the claim to what they keep.
--
-- Reads: referrals
-- Chart: bar | step | friends
--
-- The friends who claimed a member's code in the period, with all that has become of them so far.
-- Each step has those of the step before who got that far; the last two are friends who dropped
-- out by a decision.
--
-- | Column       | Unit    | What it is                                                            |
-- |--------------|---------|-----------------------------------------------------------------------|
-- | step         | word    | `claimed`, `accepted`, `bought`, `standing`; `held`, `refused`        |
-- | friends      | members | friends who got that far                                              |
-- | of_all       | ratio   | of all who claimed                                                    |
-- | paid         | members | of these, friends that earned the member who brought them something   |

WITH of_period AS (
    SELECT
        state,
        given_at IS NOT NULL AS bought,
        stands,
        referrer_gets
    FROM referrals
    WHERE claimed_at >= $from_at AND claimed_at < $until_at
),

steps AS (
    SELECT 1 AS number, 'claimed' AS step, count(*) AS friends,
        count(*) FILTER (referrer_gets) AS paid
    FROM of_period
    UNION ALL
    SELECT 2, 'accepted', count(*), count(*) FILTER (referrer_gets)
    FROM of_period WHERE state = 'claimed'
    UNION ALL
    SELECT 3, 'bought', count(*), count(*) FILTER (referrer_gets)
    FROM of_period WHERE bought
    UNION ALL
    SELECT 4, 'standing', count(*), count(*) FILTER (referrer_gets)
    FROM of_period WHERE stands
    UNION ALL
    SELECT 5, 'held', count(*), count(*) FILTER (referrer_gets)
    FROM of_period WHERE state = 'held'
    UNION ALL
    SELECT 6, 'refused', count(*), count(*) FILTER (referrer_gets)
    FROM of_period WHERE state = 'refused'
)

SELECT
    step,
    whole(friends) AS friends,
    ratio(friends, (SELECT count(*) FROM of_period)) AS of_all,
    whole(paid) AS paid
FROM steps
WHERE EXISTS (FROM of_period)
ORDER BY number
