-- Offers: which campaigns members were offered, how many used them, and what that brought and cost.
--
-- Reads: entries, members, offers, orders
-- Chart: bar | campaign_id | used / members
--
-- Offers that were made in the period, with the orders that used them, whenever these come: a refund
-- counts with its order. `chosen` has a row for offers that were chosen for their members and one
-- for those that were drawn by lot. Chosen members might have ordered anyway; the difference between
-- the two rows says what choosing brings, and a holdout says what the campaign does. A rebuilt lake
-- has only offers that ended less than `again_after_days` ago.
--
-- | Column        | Unit        | What it is                                                   |
-- |---------------|-------------|--------------------------------------------------------------|
-- | campaign_id   | campaign    | the campaign's id in the program's document                  |
-- | chosen        | word        | `chosen`, or `by_lot`                                        |
-- | offered       | offers      | offers made in the period                                    |
-- | members       | members     | members who got them                                         |
-- | used          | members     | of these, members with an order that got points by one       |
-- | use_rate      | ratio       | used / members                                               |
-- | orders        | orders      | orders that got points by them                               |
-- | points        | points      | points that they gave, including pending points              |
-- | recovered     | points      | of these, taken back by refunds and changes so far           |
-- | points_left   | points      | points - recovered                                           |
-- | cost_minor    | minor units | worth of points_left; null without a `point_value`           |
-- | revenue_minor | minor units | value of these orders, less refunds so far                   |

WITH made AS (
    -- Of two who became one, the other one's offers were written down again. Tills tell the time of
    -- an order to the second.
    SELECT
        campaign_id,
        coalesce(heirs.person_number, offers.member_number) AS person_number,
        date_trunc('second', offered_at) AS offered_at,
        max(until) AS until,
        bool_or(because = 'by_lot') AS is_by_lot
    FROM offers
    LEFT JOIN heirs USING (member_number)
    WHERE offered_at >= $from_at AND offered_at < $until_at
    GROUP BY ALL
),

deeds AS (
    SELECT
        given.campaign_id,
        sold.person_number,
        sold.occurred_at,
        given.points,
        given.recovered,
        sold.revenue_minor
    FROM campaign_points AS given
    JOIN member_orders AS sold
        ON sold.source = given.source AND sold.order_id = given.order_id
    WHERE given.points > 0
),

-- An order uses the latest offer that was made before it.
uses AS (
    SELECT
        campaign_id,
        person_number,
        offered_at,
        count(*) AS orders,
        sum(points) AS points,
        sum(recovered) AS recovered,
        sum(revenue_minor) AS revenue_minor
    FROM (
        SELECT deeds.*, made.offered_at, made.until
        FROM deeds
        ASOF JOIN made ON deeds.campaign_id = made.campaign_id
            AND deeds.person_number = made.person_number
            AND deeds.occurred_at >= made.offered_at
    )
    WHERE local_day(occurred_at) <= until
    GROUP BY ALL
),

totals AS (
    SELECT
        made.campaign_id,
        made.is_by_lot,
        count(*) AS offered,
        count(DISTINCT made.person_number) AS members,
        count(DISTINCT made.person_number) FILTER (uses.orders > 0) AS used,
        whole(sum(uses.orders)) AS orders,
        whole(sum(uses.points)) AS points,
        whole(sum(uses.recovered)) AS recovered,
        whole(sum(uses.revenue_minor)) AS revenue_minor
    FROM made
    LEFT JOIN uses USING (campaign_id, person_number, offered_at)
    GROUP BY ALL
)

SELECT
    campaign_id,
    CASE WHEN is_by_lot THEN 'by_lot' ELSE 'chosen' END AS chosen,
    offered,
    members,
    used,
    ratio(used, members) AS use_rate,
    orders,
    points,
    recovered,
    points - recovered AS points_left,
    worth(points - recovered) AS cost_minor,
    revenue_minor
FROM totals
ORDER BY offered DESC, campaign_id, chosen
