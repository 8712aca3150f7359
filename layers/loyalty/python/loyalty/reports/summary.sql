-- Summary: what the program brought in over a period, in one row.
--
-- Reads: daily, entries, members, orders
-- Chart: figures | members, active_members, orders, revenue_minor, redemption_rate, points_outstanding, liability_minor
--
-- Days are days in the program's time zone. Members' actions count on the day they happened (an
-- order on the day it was paid). Points count on the day from which balances showed them. For any
-- period
--
--     points_outstanding + points_pending at its end, less the same sum before its first day
--         = points_earned - points_clawed_back - points_redeemed - points_expired + points_adjusted
--
-- The report shows what members see: points expire after their last day and pending points become
-- available on their day, even if that has not been recorded yet. Points that
-- lapse by inactivity count as expired once the sweep has recorded it, within minutes.
--
-- | Column              | Unit        | What it is                                                |
-- |---------------------|-------------|-----------------------------------------------------------|
-- | members             | members     | members at the end of the period                          |
-- | new_members         | members     | people who enrolled in the period                         |
-- | active_members      | members     | members with at least one order or redemption in the      |
-- |                     |             | period                                                    |
-- | orders              | orders      | members' orders                                           |
-- | revenue_minor       | minor units | value of these orders, less refunds in the period         |
-- | guest_orders        | orders      | orders of people who were not members when the report was |
-- |                     |             | computed                                                  |
-- | guest_revenue_minor | minor units | value of guests' orders                                   |
-- | redemptions         | redemptions | rewards redeemed, less redemptions cancelled in the       |
-- |                     |             | period                                                    |
-- | points_earned       | points      | points given for orders and as bonuses, including pending |
-- |                     |             | points                                                    |
-- | points_redeemed     | points      | points spent on rewards, less points returned by          |
-- |                     |             | cancellations                                             |
-- | points_clawed_back  | points      | points taken back because of refunds                      |
-- | points_expired      | points      | points whose last day ended before the last day of the    |
-- |                     |             | period                                                    |
-- | points_adjusted     | points      | corrections, transfers and imports; negative if points    |
-- |                     |             | were taken                                                |
-- | points_pending      | points      | points earned but not yet available at the end of the     |
-- |                     |             | period                                                    |
-- | points_outstanding  | points      | points that all members could spend at the end of the     |
-- |                     |             | period, less debts                                        |
-- | redemption_rate     | ratio       | points_redeemed / points_earned; null when nothing was    |
-- |                     |             | earned                                                    |
-- | liability_minor     | minor units | worth of points_outstanding and points_pending together;  |
-- |                     |             | null without a `point_value`                              |

WITH flow AS (
    SELECT
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
),

stock AS (
    SELECT
        sum(points) FILTER (
            WHERE (expires_on IS NULL OR expires_on >= $last_day)
                AND (place <> 'pending' OR available_on <= $last_day)
        ) AS outstanding,
        sum(points) FILTER (
            WHERE (expires_on IS NULL OR expires_on >= $last_day)
                AND place = 'pending' AND available_on > $last_day
        ) AS pending,
        -- Points that have expired but are not recorded as expired: by the end of the period, and
        -- before the period.
        sum(points) FILTER (WHERE expires_on < $last_day) AS overdue,
        sum(points) FILTER (
            WHERE expires_on < $day_before AND counted_on < $first_day
        ) AS overdue_before
    FROM daily
    WHERE counted_on <= $final_day
),

people AS (
    SELECT
        count(*) FILTER (
            WHERE enrolled_at < $until_at AND (ended_at IS NULL OR ended_at >= $until_at)
        ) AS members,
        count(*) FILTER (WHERE enrolled_at >= $from_at AND enrolled_at < $until_at) AS new_members
    FROM members
),

activity AS (
    SELECT
        count(DISTINCT coalesce(person_number, member_number))
            FILTER (WHERE entry_kind IN ('accrual', 'redemption')) AS active_members,
        sum(refunded_minor) AS refunded_minor
    FROM entries
    LEFT JOIN heirs USING (member_number)
    WHERE happened_at >= $from_at AND happened_at < $until_at
),

sales AS (
    SELECT
        count(member_number) AS orders,
        sum(amount_minor) FILTER (WHERE member_number IS NOT NULL) AS revenue_minor,
        count(*) - count(member_number) AS guest_orders,
        sum(amount_minor) FILTER (WHERE member_number IS NULL) AS guest_revenue_minor
    FROM orders
    WHERE occurred_at >= $from_at AND occurred_at < $until_at
)

SELECT
    people.members,
    people.new_members,
    activity.active_members,
    sales.orders,
    whole(sales.revenue_minor) - whole(activity.refunded_minor) AS revenue_minor,
    sales.guest_orders,
    whole(sales.guest_revenue_minor) AS guest_revenue_minor,
    flow.redemptions,
    whole(flow.earned) AS points_earned,
    whole(flow.redeemed) AS points_redeemed,
    whole(flow.clawed_back) AS points_clawed_back,
    whole(flow.expired) + whole(stock.overdue) - whole(stock.overdue_before) AS points_expired,
    whole(flow.adjusted) AS points_adjusted,
    whole(stock.pending) AS points_pending,
    whole(stock.outstanding) AS points_outstanding,
    ratio(points_redeemed, points_earned) AS redemption_rate,
    worth(points_outstanding + points_pending) AS liability_minor
FROM flow, stock, people, activity, sales
