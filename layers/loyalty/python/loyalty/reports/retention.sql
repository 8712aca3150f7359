-- Retention: of the members who enrolled in a month, how many ordered in each month since.
--
-- Reads: members, orders
-- Chart: heatmap | month_number | retention | cohort
--
-- A cohort is everyone who enrolled in a month of the program's time zone, including members who
-- have left since. Merged members count once. The report covers cohorts within the period and
-- follows them to its end. Claimed orders from before the enrollment count for no month.
--
-- | Column         | Unit    | What it is                                            |
-- |----------------|---------|-------------------------------------------------------|
-- | cohort         | month   | first day of the month of enrollment                  |
-- | month_number   | months  | months since enrollment; 0 is the month of enrollment |
-- | members        | members | members of the cohort                                 |
-- | active_members | members | of these, members who ordered in that month           |
-- | retention      | ratio   | active_members / members                              |

WITH cohorts AS (
    SELECT fact_number AS member_number, month_of(local_day(enrolled_at)) AS cohort
    FROM members
    WHERE status <> 'merged' AND enrolled_at >= $from_at AND enrolled_at < $until_at
),

sizes AS (
    SELECT cohort, count(*) AS members FROM cohorts GROUP BY ALL
),

active AS (
    SELECT cohort, months_between(cohort, month) AS month_number, count(*) AS active_members
    FROM (
        SELECT DISTINCT customer_number AS member_number, month_of(local_day(occurred_at)) AS month
        FROM purchases
        WHERE who = 'members' AND occurred_at >= midnight($first_month) AND occurred_at < $until_at
    )
    JOIN cohorts USING (member_number)
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
