-- Who a merged member became in the end: what the one did is the other's.
--
-- Reads: members
CREATE TABLE heirs AS
WITH RECURSIVE chain AS (
    SELECT fact_id AS member_id, "into" AS person_id
    FROM members
    WHERE status = 'merged' AND "into" IS NOT NULL
    UNION
    SELECT chain.member_id, members."into"
    FROM chain
    JOIN members ON members.fact_id = chain.person_id
    WHERE members.status = 'merged' AND members."into" IS NOT NULL
)
SELECT member_id, person_id FROM chain
WHERE person_id NOT IN (SELECT fact_id FROM members WHERE status = 'merged')
