-- Segments: members by how recently, how often and for how much they buy.
--
-- Reads: entries, members, orders
-- Chart: bar | segment | members
--
-- Members who ordered in the period get scores from 1 to 5 for how recently, how often and for how
-- much (less refunds) they bought, by quintile: score = 1 + 5 × (members who are lower) / (all),
-- rounded down, so that equal members score equally (A. M. Hughes, Strategic Database Marketing,
-- 1994). Segments depend on recency (R) and frequency (F):
--
--     champions R 5 F 4-5 · loyal R 3-4 F 4-5 · potential_loyal R 4-5 F 2-3 · new R 5 F 1
--     promising R 4 F 1 · need_attention R 3 F 3 · about_to_sleep R 3 F 1-2
--     cannot_lose R 1-2 F 5 · at_risk R 1-2 F 3-4 · hibernating R 1-2 F 1-2
--
-- | Column         | Unit        | What it is                                             |
-- |----------------|-------------|--------------------------------------------------------|
-- | segment        | segment     | one of the segments above                              |
-- | members        | members     | members of the segment                                 |
-- | share          | ratio       | share of all members who ordered                       |
-- | orders         | orders      | their orders in the period                             |
-- | revenue_minor  | minor units | value of these orders, less refunds                    |
-- | revenue_share  | ratio       | share of the revenue of all segments                   |
-- | recency_days   | days        | mean days from the last order to the end of the period |
-- | frequency      | orders      | mean orders of a member                                |
-- | monetary_minor | minor units | mean revenue of a member                               |
-- | monetary_score | score       | mean score for revenue, 1 to 5                         |

WITH buyers AS (
    SELECT
        member_number,
        max(sold_at) FILTER (WHERE orders = 1) AS last_at,
        sum(orders) AS orders,
        sum(amount_minor) AS revenue_minor
    FROM sales
    WHERE sold_at >= $from_at AND sold_at < $until_at
    GROUP BY ALL
    HAVING sum(orders) > 0
),

scored AS (
    SELECT
        $last_day - local_day(last_at) AS recency_days,
        orders,
        revenue_minor,
        1 + 5 * (rank() OVER (ORDER BY last_at) - 1) // count(*) OVER () AS r,
        1 + 5 * (rank() OVER (ORDER BY orders) - 1) // count(*) OVER () AS f,
        1 + 5 * (rank() OVER (ORDER BY revenue_minor) - 1) // count(*) OVER () AS m
    FROM buyers
),

segmented AS (
    SELECT
        *,
        CASE
            WHEN r = 5 AND f >= 4 THEN 'champions'
            WHEN r >= 3 AND f >= 4 THEN 'loyal'
            WHEN r >= 4 AND f >= 2 THEN 'potential_loyal'
            WHEN r = 5 THEN 'new'
            WHEN r = 4 THEN 'promising'
            WHEN r = 3 AND f = 3 THEN 'need_attention'
            WHEN r = 3 THEN 'about_to_sleep'
            WHEN f = 5 THEN 'cannot_lose'
            WHEN f >= 3 THEN 'at_risk'
            ELSE 'hibernating'
        END AS segment
    FROM scored
),

segments AS (
    SELECT
        segment,
        count(*) AS members,
        sum(orders) AS orders,
        sum(revenue_minor) AS revenue_minor,
        sum(recency_days) AS recency_days,
        sum(m) AS m,
        min(10 * r + f) AS lowest
    FROM segmented
    GROUP BY ALL
)

SELECT
    segment,
    members,
    ratio(members, sum(members) OVER ()) AS share,
    whole(orders) AS orders,
    whole(revenue_minor) AS revenue_minor,
    ratio(revenue_minor, sum(revenue_minor) OVER ()) AS revenue_share,
    ratio(recency_days, members) AS recency_days,
    ratio(orders, members) AS frequency,
    ratio(revenue_minor, members) AS monetary_minor,
    ratio(m, members) AS monetary_score
FROM segments
ORDER BY members DESC, segment
