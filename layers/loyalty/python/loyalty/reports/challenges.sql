-- Challenges: who takes part, what was completed and undone, and what it gave.
--
-- Reads: awards, counted_orders, members, orders
-- Chart: bar | challenge_id | standing, undone
--
-- The orders of the period that count for a challenge after all refunds and edits so far, and the
-- completions of the period, by when each was given first, with all that has become of them so far.
-- An order that counts for several challenges is in the row of each.
--
-- | Column        | Unit        | What it is                                                       |
-- |---------------|-------------|------------------------------------------------------------------|
-- | challenge_id  | challenge   | the challenge's id in the program's document                     |
-- | orders        | orders      | orders of the period that count for it                           |
-- | members       | members     | members who made them, and so have progress                      |
-- | revenue_minor | minor units | value of these orders when they were paid                        |
-- | completed     | completions | how often it was completed in the period                         |
-- | undone        | completions | of these, undone since by refunds or edits                       |
-- | standing      | completions | completed - undone                                               |
-- | points        | points      | points that completions of the period gave                       |
-- | points_back   | points      | of these, those of completions that were undone                  |
-- | vouchers      | vouchers    | vouchers that completions of the period gave                     |
-- | vouchers_back | vouchers    | of these, those of completions that were undone, and not used    |

WITH taking_part AS (
    SELECT
        counted_orders.rule_id AS challenge_id,
        count(*) AS orders,
        count(DISTINCT coalesce(heirs.person_number, orders.member_number)) AS members,
        sum(orders.amount_minor) AS revenue_minor
    FROM counted_orders
    JOIN orders
        ON orders.source = counted_orders.source AND orders.order_id = counted_orders.order_id
    LEFT JOIN heirs ON heirs.member_number = orders.member_number
    WHERE counted_orders.counts_for = 'challenge' AND counted_orders.amount > 0
        AND counted_orders.occurred_at >= $from_at AND counted_orders.occurred_at < $until_at
    GROUP BY ALL
),

completions AS (
    SELECT
        awards.rule_id AS challenge_id,
        count(*) AS completed,
        count(*) FILTER (NOT stands) AS undone,
        sum(points) AS points,
        sum(points) FILTER (NOT stands) AS points_back,
        count(reward_id) AS vouchers,
        count(reward_id) FILTER (NOT stands AND NOT reward_kept) AS vouchers_back
    FROM awards
    WHERE given_for = 'challenge' AND given_at >= $from_at AND given_at < $until_at
    GROUP BY ALL
)

SELECT
    challenge_id,
    whole(taking_part.orders) AS orders,
    whole(taking_part.members) AS members,
    whole(taking_part.revenue_minor) AS revenue_minor,
    whole(completions.completed) AS completed,
    whole(completions.undone) AS undone,
    whole(completions.completed) - whole(completions.undone) AS standing,
    whole(completions.points) AS points,
    whole(completions.points_back) AS points_back,
    whole(completions.vouchers) AS vouchers,
    whole(completions.vouchers_back) AS vouchers_back
FROM taking_part
FULL JOIN completions USING (challenge_id)
ORDER BY completed DESC, orders DESC, challenge_id
