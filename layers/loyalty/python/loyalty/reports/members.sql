-- Members: who is new, active, buys again and leaves, by day, week or month.
--
-- Reads: entries, members, orders
-- Chart: column | starts_on | new_buyers, returning_buyers
--
-- One row for each day, week or month (`by`) of the period. After a merge, both members' actions
-- count as one person's. Until the merge they count as two members.
--
-- | Column           | Unit    | What it is                                                    |
-- |------------------|---------|---------------------------------------------------------------|
-- | starts_on        | day     | first day of the day, week or month                           |
-- | members          | members | members at its end                                            |
-- | new_members      | members | people who enrolled in it                                     |
-- | ended_members    | members | members who were closed, or merged into another member, in it |
-- | active_members   | members | members with at least one order or redemption in it           |
-- | active_rate      | ratio   | active_members / members                                      |
-- | new_buyers       | members | members whose first order ever is in it                       |
-- | returning_buyers | members | members who ordered in it and in an earlier row or before the |
-- |                  |         | period                                                        |

WITH steps AS (
    SELECT * FROM steps($by, $first_day, $final_day)
),

changes AS (
    SELECT
        CASE WHEN changed_on >= $first_day THEN step_of($by, changed_on) END AS step,
        sum(new_members) AS new_members,
        sum(ended_members) AS ended_members,
        sum(change) AS change
    FROM membership
    WHERE changed_on <= $final_day
    GROUP BY ALL
),

standing AS (
    SELECT step, new_members, ended_members, sum(change) OVER (ORDER BY step NULLS FIRST) AS members
    FROM (
        FROM changes
        UNION ALL
        SELECT step, 0, 0, 0 FROM steps ANTI JOIN changes USING (step)
    )
),

activity AS (
    SELECT step, count(*) AS active_members
    FROM (
        SELECT DISTINCT
            step_of($by, local_day(happened_at)) AS step,
            coalesce(person_number, member_number) AS member_number
        FROM entries
        LEFT JOIN heirs USING (member_number)
        WHERE entry_kind IN ('accrual', 'redemption')
            AND happened_at >= $from_at AND happened_at < $until_at
    )
    GROUP BY ALL
),

-- The steps in which each customer bought. Null stands for all time before the period: the first
-- step may be cut, and a customer who ordered before it in the same week or month is not new.
bought AS MATERIALIZED (
    SELECT
        customer_number,
        CASE WHEN occurred_at >= $from_at THEN step_of($by, local_day(occurred_at)) END AS step
    FROM purchases
    WHERE who = 'members' AND occurred_at < $until_at
    GROUP BY ALL
),

buying AS (
    SELECT step, count(*) AS buyers FROM bought WHERE step IS NOT NULL GROUP BY ALL
),

new_buying AS (
    SELECT step, count(*) AS new_buyers
    FROM (
        SELECT min(step) AS step FROM bought GROUP BY customer_number HAVING count(step) = count(*)
    )
    GROUP BY ALL
)

SELECT
    steps.starts_on,
    whole(standing.members) AS members,
    whole(standing.new_members) AS new_members,
    whole(standing.ended_members) AS ended_members,
    whole(activity.active_members) AS active_members,
    ratio(whole(activity.active_members), whole(standing.members)) AS active_rate,
    whole(new_buying.new_buyers) AS new_buyers,
    whole(buying.buyers) - whole(new_buying.new_buyers) AS returning_buyers
FROM steps
LEFT JOIN standing USING (step)
LEFT JOIN activity USING (step)
LEFT JOIN buying USING (step)
LEFT JOIN new_buying USING (step)
ORDER BY steps.starts_on
