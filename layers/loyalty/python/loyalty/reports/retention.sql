-- Retention: of those who enrolled in a month, how many ordered in each month since.
--
-- Reads: members, orders
-- Chart: heatmap | month_number | retention | cohort
--
-- A cohort is everybody who enrolled in a month (the program's), those who left since included;
-- whoever was merged into another counts once, as the other. Cohorts are those that lie in the
-- period, months are followed to its end. Orders from before the enrollment, which a member
-- claimed, count for no month.
--
-- | Column         | Unit    | What it is                                              |
-- |----------------|---------|---------------------------------------------------------|
-- | cohort         | month   | first day of the month of enrollment                    |
-- | month_number   | months  | months since then; 0 is the month of enrollment         |
-- | members        | members | members of the cohort                                   |
-- | active_members | members | of these, with an order in that month                   |
-- | retention      | ratio   | active_members / members                                |

WITH cohorts AS (
    SELECT fact_id AS member_id, month_of(local_day(enrolled_at)) AS cohort
    FROM members
    WHERE status <> 'merged' AND enrolled_at >= $from_at AND enrolled_at < $until_at
),

sizes AS (
    SELECT cohort, count(*) AS members FROM cohorts GROUP BY ALL
),

active AS (
    SELECT cohort, months_between(cohort, month) AS month_number, count(*) AS active_members
    FROM (
        SELECT DISTINCT customer_id AS member_id, month_of(local_day(occurred_at)) AS month
        FROM purchases
        WHERE who = 'members' AND occurred_at >= midnight($first_month) AND occurred_at < $until_at
    )
    JOIN cohorts USING (member_id)
    WHERE month >= cohort
    GROUP BY ALL
),

months AS (
    SELECT
        cohort,
        members,
        unnest(range(0, 1 + greatest(0, months_between(cohort, month_of($last_day)))))::BIGINT
            AS month_number
    FROM sizes
)

SELECT
    months.cohort,
    months.month_number,
    months.members,
    whole(active.active_members) AS active_members,
    ratio(whole(active.active_members), months.members) AS retention
FROM months
LEFT JOIN active USING (cohort, month_number)
ORDER BY ALL
