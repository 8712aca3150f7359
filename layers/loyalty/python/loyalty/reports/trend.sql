-- Trend: the summary by day, week or month.
--
-- Reads: daily, entries, members, orders
-- Chart: column | starts_on | revenue_minor, guest_revenue_minor
--
-- One row for each day, week (from Monday) or month (`by`). The first and last rows are cut to the
-- period. Columns mean the same as in the summary. Counts over time (orders, points earned, …) add
-- up to the summary of the whole period, except active members, because a member can be active in
-- several rows. For balances (members, points outstanding, …) the last row equals the summary.
--
-- | Column              | Unit        | What it is                                                |
-- |---------------------|-------------|-----------------------------------------------------------|
-- | starts_on           | day         | first day of the day, week or month                       |
-- | members             | members     | members at its end                                        |
-- | new_members         | members     | people who enrolled in it                                 |
-- | active_members      | members     | members with at least one order or redemption in it       |
-- | orders              | orders      | members' orders                                           |
-- | revenue_minor       | minor units | value of these orders, less refunds made in it            |
-- | guest_orders        | orders      | orders of people who were not members when the report was |
-- |                     |             | computed                                                  |
-- | guest_revenue_minor | minor units | value of guests' orders                                   |
-- | redemptions         | redemptions | rewards redeemed, less those cancelled                    |
-- | points_earned       | points      | points given for orders and as bonuses, including pending |
-- |                     |             | points                                                    |
-- | points_redeemed     | points      | points spent on rewards, less points returned by          |
-- |                     |             | cancellations                                             |
-- | points_clawed_back  | points      | points taken back because of refunds                      |
-- | points_expired      | points      | points whose last day ended before the last day of the    |
-- |                     |             | row                                                       |
-- | points_adjusted     | points      | corrections, transfers and imports; negative if points    |
-- |                     |             | were taken                                                |
-- | points_pending      | points      | points earned but not yet available at its end            |
-- | points_outstanding  | points      | points that all members could spend at its end, less      |
-- |                     |             | debts                                                     |
-- | redemption_rate     | ratio       | points_redeemed / points_earned; null if nothing was      |
-- |                     |             | earned                                                    |

WITH steps AS (
    SELECT * FROM steps($by, $first_day, $final_day)
),

flow AS (
    SELECT
        step_of($by, counted_on) AS step,
        whole(sum(entries) FILTER (WHERE entry_kind = 'redemption'))
            - whole(sum(entries) FILTER (WHERE entry_kind = 'return')) AS redemptions,
        sum(points) FILTER (WHERE entry_kind IN ('accrual', 'bonus', 'edit')) AS earned,
        -sum(points) FILTER (
            WHERE entry_kind IN ('redemption', 'return', 'contribution') AND place <> 'pending'
        ) AS redeemed,
        -sum(points) FILTER (WHERE entry_kind = 'clawback') AS clawed_back,
        -sum(points) FILTER (WHERE entry_kind = 'expiry' AND place <> 'pending') AS expired,
        sum(points)
            FILTER (WHERE entry_kind IN ('adjustment', 'import', 'merge', 'transfer')) AS adjusted
    FROM daily
    WHERE counted_on BETWEEN $first_day AND $final_day
    GROUP BY ALL
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

refunded AS (
    SELECT
        step_of($by, local_day(happened_at)) AS step,
        sum(refunded_minor) AS refunded_minor
    FROM entries
    WHERE refunded_minor <> 0 AND happened_at >= $from_at AND happened_at < $until_at
    GROUP BY ALL
),

sold AS (
    SELECT
        step_of($by, local_day(occurred_at)) AS step,
        count(member_number) AS orders,
        sum(amount_minor) FILTER (WHERE member_number IS NOT NULL) AS revenue_minor,
        count(*) - count(member_number) AS guest_orders,
        sum(amount_minor) FILTER (WHERE member_number IS NULL) AS guest_revenue_minor
    FROM orders
    WHERE occurred_at >= $from_at AND occurred_at < $until_at
    GROUP BY ALL
),

-- Points by the day they were counted, summed over movements with the same dates.
counted AS (
    SELECT
        counted_on,
        CASE WHEN place = 'pending' THEN available_on END AS available_on,
        expires_on,
        sum(points) AS points
    FROM daily
    WHERE counted_on <= $final_day
    GROUP BY ALL
),

-- The days on which points began to wait, became spendable and became overdue, none after today.
staged AS (
    SELECT
        counted_on,
        points,
        CASE
            WHEN available_on IS NULL THEN counted_on
            WHEN available_on <= $last_day THEN greatest(counted_on, available_on)
        END AS spendable_on,
        CASE WHEN expires_on < $last_day THEN greatest(counted_on, expires_on + 1) END AS overdue_on
    FROM counted
),

stock AS (
    SELECT changed_on, sum(pending) AS pending, sum(spendable) AS spendable, sum(overdue) AS overdue
    FROM (
        SELECT counted_on AS changed_on, points AS pending, 0 AS spendable, 0 AS overdue
        FROM staged
        UNION ALL
        SELECT least(spendable_on, overdue_on), -points, 0, 0 FROM staged
        WHERE spendable_on IS NOT NULL OR overdue_on IS NOT NULL
        UNION ALL
        SELECT spendable_on, 0, points, 0 FROM staged
        WHERE spendable_on < overdue_on OR (overdue_on IS NULL AND spendable_on IS NOT NULL)
        UNION ALL
        SELECT overdue_on, 0, -points, 0 FROM staged
        WHERE spendable_on < overdue_on
        UNION ALL
        SELECT overdue_on, 0, 0, points FROM staged
        WHERE overdue_on IS NOT NULL
    )
    GROUP BY ALL
),

-- A null step stands for all days before the first step.
changes AS (
    SELECT
        CASE WHEN changed_on >= $first_day THEN step_of($by, changed_on) END AS step,
        sum(members) AS members,
        sum(new_members) AS new_members,
        sum(pending) AS pending,
        sum(spendable) AS spendable,
        sum(overdue) AS overdue
    FROM (
        SELECT
            changed_on,
            change AS members,
            new_members,
            0 AS pending,
            0 AS spendable,
            0 AS overdue
        FROM membership
        WHERE changed_on <= $final_day
        UNION ALL
        SELECT changed_on, 0, 0, pending, spendable, overdue FROM stock
    )
    GROUP BY ALL
),

standing AS (
    SELECT
        step,
        new_members,
        overdue,
        sum(members) OVER so_far AS members,
        sum(pending) OVER so_far AS pending,
        sum(spendable) OVER so_far AS spendable
    FROM (
        SELECT step, members, new_members, pending, spendable, overdue FROM changes
        UNION ALL
        -- A step in which nothing changed has the same standing as the step before it.
        SELECT step, 0, 0, 0, 0, 0 FROM steps WHERE step NOT IN (
            SELECT step FROM changes WHERE step IS NOT NULL
        )
    )
    WINDOW so_far AS (ORDER BY step NULLS FIRST)
)

SELECT
    steps.starts_on,
    whole(standing.members) AS members,
    whole(standing.new_members) AS new_members,
    whole(activity.active_members) AS active_members,
    whole(sold.orders) AS orders,
    whole(sold.revenue_minor) - whole(refunded.refunded_minor) AS revenue_minor,
    whole(sold.guest_orders) AS guest_orders,
    whole(sold.guest_revenue_minor) AS guest_revenue_minor,
    whole(flow.redemptions) AS redemptions,
    whole(flow.earned) AS points_earned,
    whole(flow.redeemed) AS points_redeemed,
    whole(flow.clawed_back) AS points_clawed_back,
    whole(flow.expired) + whole(standing.overdue) AS points_expired,
    whole(flow.adjusted) AS points_adjusted,
    whole(standing.pending) AS points_pending,
    whole(standing.spendable) AS points_outstanding,
    ratio(points_redeemed, points_earned) AS redemption_rate
FROM steps
LEFT JOIN standing USING (step)
LEFT JOIN flow USING (step)
LEFT JOIN activity USING (step)
LEFT JOIN refunded USING (step)
LEFT JOIN sold USING (step)
ORDER BY steps.starts_on
