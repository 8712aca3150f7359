-- Who a merged member became in the end: what the one did is the other's.
--
-- Reads: members
CREATE TABLE heirs AS
WITH RECURSIVE chain AS (
    SELECT fact_number AS member_number, number_of("into") AS person_number
    FROM members
    WHERE status = 'merged' AND "into" IS NOT NULL
    UNION
    SELECT chain.member_number, number_of(members."into")
    FROM chain
    JOIN members ON members.fact_number = chain.person_number
    WHERE members.status = 'merged' AND members."into" IS NOT NULL
)
SELECT member_number, person_number FROM chain
WHERE person_number NOT IN (SELECT fact_number FROM members WHERE status = 'merged')
