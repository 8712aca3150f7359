-- Campaign uplift: what campaigns brought in, against members who were held out by lot.
--
-- Reads: daily, entries, members, orders
-- Not of segments: Who is in a segment now may be there because of the campaign, and the comparison would mislead
-- Chart: bar | campaign_id | extra_minor
--
-- One row for each campaign with a `holdout` that ran in the period, and one without a campaign for
-- the program's `universal_holdout`. A campaign counts from its first day to its last, as far as
-- the period and the time have come. Without a first day, and for the `universal_holdout`, the
-- period counts.
--
-- Compared are all who were members when it began, whether or not they bought: members who could
-- use it with members who were held out. Comparing those who earned points would compare good
-- customers with others. For a campaign for first orders they are the members who had bought
-- nothing before, also those who enrolled later. Members in the universal holdout are in neither
-- part of a campaign's comparison. What members bought before, in a time of the same length, is
-- taken into account: it says nothing of the campaign, and makes the interval narrower (CUPED: A.
-- Deng and others, WSDM 2013), unless it is not known when the campaign began.
--
-- The true effect lies between `low` and `high` with a probability of 95 %. While a campaign runs,
-- the interval holds however often you look (I. Waudby-Smith and others, Time-uniform central limit
-- theory, 2021); once it is over, it is narrower (B. L. Welch, 1947), because there is one last
-- look. An effect is proven if the interval leaves out 0.
--
-- The points are those that members who could use it got and kept. They cost `cost_minor` if all of
-- them are spent. `net_cost_minor` leaves out the share that is likely to expire: the one that
-- expired of all points whose last month is over (the observed rows of `breakage`).
--
-- | Column             | Unit        | What it is                                                |
-- |--------------------|-------------|-----------------------------------------------------------|
-- | campaign_id        | campaign    | the campaign's id; null: all campaigns together           |
-- | state              | state       | running: the interval holds while you watch; ended        |
-- | members            | members     | members who could use it                                  |
-- | held_out           | members     | members who were held out                                 |
-- | left_out           | members     | merged members of whom one was held out and one was not   |
-- | effect             | status      | of revenue: more, less, not_proven; too_few (below 100 on |
-- |                    |             | a side); wrong_split (the parts are not as they were      |
-- |                    |             | drawn, so do not trust the figures)                       |
-- | uplift_minor       | minor units | revenue less refunds that it brought for each member      |
-- | low_minor          | minor units | at least this much                                        |
-- | high_minor         | minor units | at most this much                                         |
-- | orders_uplift      | orders      | orders that it brought for each member                    |
-- | orders_low         | orders      | at least this many                                        |
-- | orders_high        | orders      | at most this many                                         |
-- | active_uplift      | ratio       | share of members who ordered because of it                |
-- | active_low         | ratio       | at least this share                                       |
-- | active_high        | ratio       | at most this share                                        |
-- | points             | points      | points that it gave these members, less those taken back  |
-- | cost_minor         | minor units | worth of these points; null without a `point_value`       |
-- | net_cost_minor     | minor units | the same less what is likely to expire; null if nothing   |
-- |                    |             | has expired yet                                           |
-- | extra_minor        | minor units | uplift_minor × members                                    |
-- | margin_minor       | minor units | extra_minor × `gross_margin_percent`; null without one    |
-- | break_even         | ratio       | cost_minor / extra_minor: the least margin at which it    |
-- |                    |             | pays for itself; null if it brought nothing               |
-- | outcome            | status      | pays: even at low_minor the margin is above the cost;     |
-- |                    |             | loses: even at high_minor it is below the net cost;       |
-- |                    |             | not_proven                                                |

WITH experiments AS (
    SELECT
        *,
        CASE WHEN has_start THEN starts_at - (ends_at - starts_at) ELSE starts_at END AS looks_from
    FROM (
        SELECT
            number,
            campaign_id,
            salt,
            held_below,
            other_salt,
            other_below,
            is_for_first_orders,
            starts_at IS NOT NULL AS has_start,
            coalesce(starts_at, $from_at) AS starts_at,
            least(ends_at, $until_at, $as_of) AS ends_at,
            coalesce(ends_at <= least($until_at, $as_of), false) AS is_over
        FROM holdouts
        WHERE coalesce(ends_at > $from_at, true)
    )
    WHERE starts_at < ends_at
),

-- Every id under which a person was a member in the time of a campaign. Merged, they are one.
drawn AS (
    SELECT
        experiments.number,
        coalesce(heirs.person_number, members.fact_number) AS person_number,
        bool_or(members.enrolled_at < experiments.starts_at) AS was_there,
        bool_or(lot(members.program_id, salt, members.fact_id) < held_below) AS is_held,
        bool_and(lot(members.program_id, salt, members.fact_id) < held_below) AS is_held_whole,
        coalesce(bool_or(lot(members.program_id, other_salt, members.fact_id) < other_below), false)
            AS is_elsewhere
    FROM experiments
    JOIN members
        ON members.enrolled_at < experiments.ends_at
        AND coalesce(members.ended_at > experiments.starts_at, true)
    LEFT JOIN heirs ON heirs.member_number = members.fact_number
    GROUP BY ALL
),

buyers AS (
    SELECT
        experiments.number,
        sales.member_number AS person_number,
        sum(amount_minor) FILTER (sold_at < starts_at) AS revenue_before,
        sum(orders) FILTER (sold_at < starts_at) AS orders_before,
        sum(amount_minor) FILTER (sold_at >= starts_at) AS revenue,
        sum(orders) FILTER (sold_at >= starts_at) AS orders
    FROM experiments
    JOIN sales ON sales.sold_at >= experiments.looks_from AND sales.sold_at < experiments.ends_at
    GROUP BY ALL
),

buyers_before AS (
    SELECT DISTINCT experiments.number, sales.member_number AS person_number
    FROM experiments
    JOIN sales ON experiments.is_for_first_orders AND sales.sold_at < experiments.starts_at
    WHERE sales.orders = 1
),

compared AS (
    SELECT
        drawn.number,
        drawn.person_number,
        CASE WHEN is_held_whole THEN 'held' WHEN is_held THEN 'mixed' ELSE 'members' END AS part,
        coalesce(revenue_before, 0)::HUGEINT AS revenue_before,
        coalesce(orders_before, 0)::HUGEINT AS orders_before,
        coalesce(revenue, 0)::HUGEINT AS revenue,
        coalesce(orders, 0)::HUGEINT AS orders
    FROM drawn
    JOIN experiments USING (number)
    LEFT JOIN buyers USING (number, person_number)
    ANTI JOIN buyers_before USING (number, person_number)
    WHERE (was_there OR is_for_first_orders) AND NOT is_elsewhere
),

valued AS (
    SELECT number, part, unnest([
        {'measure': 'revenue', 'x': revenue_before, 'y': revenue},
        {'measure': 'orders', 'x': orders_before, 'y': orders},
        {
            'measure': 'active',
            'x': (orders_before > 0)::HUGEINT,
            'y': (orders > 0)::HUGEINT
        }
    ], recursive := true)
    FROM compared
    WHERE part <> 'mixed'
),

-- Sums of whole numbers, so that it does not matter in which order they were added up.
sums AS (
    SELECT
        number,
        measure,
        count(*) FILTER (part = 'members')::HUGEINT AS n1,
        count(*) FILTER (part = 'held')::HUGEINT AS n0,
        coalesce(sum(x) FILTER (part = 'members'), 0)::HUGEINT AS x1,
        coalesce(sum(x) FILTER (part = 'held'), 0)::HUGEINT AS x0,
        coalesce(sum(y) FILTER (part = 'members'), 0)::HUGEINT AS y1,
        coalesce(sum(y) FILTER (part = 'held'), 0)::HUGEINT AS y0,
        coalesce(sum(x * x) FILTER (part = 'members'), 0)::HUGEINT AS xx1,
        coalesce(sum(x * x) FILTER (part = 'held'), 0)::HUGEINT AS xx0,
        coalesce(sum(x * y) FILTER (part = 'members'), 0)::HUGEINT AS xy1,
        coalesce(sum(x * y) FILTER (part = 'held'), 0)::HUGEINT AS xy0,
        coalesce(sum(y * y) FILTER (part = 'members'), 0)::HUGEINT AS yy1,
        coalesce(sum(y * y) FILTER (part = 'held'), 0)::HUGEINT AS yy0
    FROM valued
    GROUP BY ALL
),

-- How much of what members buy follows from what they bought before, over both parts.
slopes AS (
    SELECT
        *,
        coalesce(
            codeviation(n1 + n0, x1 + x0, y1 + y0, xy1 + xy0)::DOUBLE
            / nullif(codeviation(n1 + n0, x1 + x0, x1 + x0, xx1 + xx0), 0)::DOUBLE,
            0
        ) AS theta
    FROM sums
    WHERE n1 > 1 AND n0 > 1
),

differences AS (
    SELECT
        number,
        measure,
        y1::DOUBLE / n1 - y0::DOUBLE / n0 - theta * (x1::DOUBLE / n1 - x0::DOUBLE / n0) AS uplift,
        sqrt(
            residual_variance(n1, x1, y1, xx1, xy1, yy1, theta) / n1
            + residual_variance(n0, x0, y0, xx0, xy0, yy0, theta) / n0
        ) AS error,
        (n1 + n0)::DOUBLE AS n
    FROM slopes
),

intervals AS (
    SELECT
        number,
        measure,
        uplift,
        error * CASE WHEN is_over THEN 1.959964 ELSE always_valid(n) END AS half
    FROM differences
    JOIN experiments USING (number)
),

effects AS (
    SELECT
        number,
        max(uplift) FILTER (measure = 'revenue') AS revenue_uplift,
        max(half) FILTER (measure = 'revenue') AS revenue_half,
        max(uplift) FILTER (measure = 'orders') AS orders_uplift,
        max(half) FILTER (measure = 'orders') AS orders_half,
        max(uplift) FILTER (measure = 'active') AS active_uplift,
        max(half) FILTER (measure = 'active') AS active_half
    FROM intervals
    GROUP BY ALL
),

parts AS (
    SELECT
        experiments.number,
        count(*) FILTER (part = 'members') AS members,
        count(*) FILTER (part = 'held') AS held_out,
        count(*) FILTER (part = 'mixed') AS left_out
    FROM experiments
    LEFT JOIN compared USING (number)
    GROUP BY ALL
),

changes AS (
    SELECT source, order_id, unnest(campaigns) AS change
    FROM entries
    WHERE len(campaigns) > 0
),

given AS (
    SELECT source, order_id, change.campaign_id, sum(change.points) AS points
    FROM changes
    GROUP BY ALL
),

spent AS (
    SELECT experiments.number, sum(given.points)::BIGINT AS points
    FROM experiments
    JOIN entries
        ON entries.happened_at >= experiments.starts_at
        AND entries.happened_at < experiments.ends_at
    LEFT JOIN heirs ON heirs.member_number = entries.member_number
    JOIN given
        ON given.source = entries.source AND given.order_id = entries.order_id
        AND given.campaign_id = coalesce(experiments.campaign_id, given.campaign_id)
    JOIN compared
        ON compared.number = experiments.number
        AND compared.person_number = coalesce(heirs.person_number, entries.member_number)
        AND compared.part = 'members'
    WHERE entries.entry_kind = 'accrual'
    GROUP BY ALL
),

lapsed AS (
    SELECT
        whole(sum(points) FILTER (entry_kind IN ('accrual', 'bonus', 'edit', 'activation')))
            AS issued,
        whole(sum(points) FILTER (entry_kind <> 'expiry')) AS expired
    FROM daily
    WHERE place = 'lot' AND counted_on <= $final_day AND expires_on < month_of($last_day)
),

costs AS (
    SELECT
        number,
        whole(spent.points) AS points,
        worth(whole(spent.points)) AS cost_minor,
        worth(whole(spent.points))
            - portion(worth(whole(spent.points)), greatest(0, least(expired, issued)), issued)
            AS net_cost_minor
    FROM experiments
    LEFT JOIN spent USING (number)
    CROSS JOIN lapsed
),

margins AS (
    SELECT
        *,
        members >= 100 AND held_out >= 100 AS are_enough,
        -- Pearson's test with one degree of freedom; one of a thousand right splits fails it.
        wrongness(members, held_out, held_below / 10000.0) > 10.83 AS is_split_wrong,
        revenue_uplift * members AS extra,
        (revenue_uplift - revenue_half) * members * getvariable('gross_margin_percent') / 100
            AS margin_low,
        (revenue_uplift + revenue_half) * members * getvariable('gross_margin_percent') / 100
            AS margin_high
    FROM experiments
    JOIN parts USING (number)
    JOIN costs USING (number)
    LEFT JOIN effects USING (number)
)

SELECT
    campaign_id,
    CASE WHEN is_over THEN 'ended' ELSE 'running' END AS state,
    members,
    held_out,
    left_out,
    CASE
        WHEN NOT are_enough THEN 'too_few'
        WHEN is_split_wrong THEN 'wrong_split'
        WHEN revenue_uplift > revenue_half THEN 'more'
        WHEN revenue_uplift < -revenue_half THEN 'less'
        ELSE 'not_proven'
    END AS effect,
    revenue_uplift::DECIMAL(24, 2) AS uplift_minor,
    (revenue_uplift - revenue_half)::DECIMAL(24, 2) AS low_minor,
    (revenue_uplift + revenue_half)::DECIMAL(24, 2) AS high_minor,
    orders_uplift::DECIMAL(18, 4) AS orders_uplift,
    (orders_uplift - orders_half)::DECIMAL(18, 4) AS orders_low,
    (orders_uplift + orders_half)::DECIMAL(18, 4) AS orders_high,
    active_uplift::DECIMAL(18, 4) AS active_uplift,
    (active_uplift - active_half)::DECIMAL(18, 4) AS active_low,
    (active_uplift + active_half)::DECIMAL(18, 4) AS active_high,
    points,
    cost_minor,
    net_cost_minor,
    round(extra)::BIGINT AS extra_minor,
    round(extra * getvariable('gross_margin_percent') / 100)::BIGINT AS margin_minor,
    ratio(cost_minor, round(extra)::BIGINT) AS break_even,
    CASE
        WHEN NOT are_enough OR is_split_wrong THEN 'not_proven'
        WHEN cost_minor IS NULL OR margin_low IS NULL THEN NULL
        WHEN margin_low >= cost_minor THEN 'pays'
        WHEN margin_high < coalesce(net_cost_minor, cost_minor) THEN 'loses'
        ELSE 'not_proven'
    END AS outcome
FROM margins
ORDER BY number
