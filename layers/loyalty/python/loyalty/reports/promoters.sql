-- Promoters and detractors: whether members who score high come back sooner and are worth more.
--
-- Reads: entries, members, orders, surveys
-- Chart: bar | band | revenue_minor / members | | survey_id
--
-- Members who answered a survey in the period, each by their last answer, in the bands of
-- [surveys](#surveys). Purchases count if they happened within `within_days` days (of 24 hours; 14
-- unless the request says otherwise) after that answer, as far as those days have passed. A
-- difference between bands need not be caused by what the survey asked about.
--
-- | Column           | Unit        | What it is                                                |
-- |------------------|-------------|-----------------------------------------------------------|
-- | survey_id        | survey      | the survey's id in the program's document                 |
-- | survey_kind      | word        | nps or csat                                               |
-- | band             | word        | promoters, passives, detractors; for a csat satisfied,    |
-- |                  |             | neutral, dissatisfied                                     |
-- | members          | members     | members of the band                                       |
-- | share            | ratio       | share of all members who answered the survey              |
-- | returned         | members     | of these, members who ordered within the days after their |
-- |                  |             | answer                                                    |
-- | return_rate      | ratio       | returned / members                                        |
-- | orders           | orders      | their orders within the days                              |
-- | revenue_minor    | minor units | value of these orders, less refunds within the days       |
-- | value_minor      | minor units | mean revenue_minor of a member                            |
-- | ever_orders      | orders      | all their orders until the end of the period              |
-- | ever_minor       | minor units | value of these orders, less refunds until then            |
-- | ever_value_minor | minor units | mean ever_minor of a member                               |

WITH answered AS (
    SELECT
        survey_id,
        survey_kind,
        coalesce(heirs.person_number, surveys.member_number) AS member_number,
        band(survey_kind, score) AS band,
        answered_at
    FROM surveys
    LEFT JOIN heirs USING (member_number)
    WHERE answered_at >= $from_at AND answered_at < $until_at
    QUALIFY row_number() OVER (
        PARTITION BY survey_id, survey_kind, coalesce(heirs.person_number, surveys.member_number)
        ORDER BY answered_at DESC, surveys.fact_id DESC
    ) = 1
),

bought AS (
    SELECT
        survey_id,
        survey_kind,
        member_number,
        sum(orders) FILTER (WHERE is_soon) AS orders,
        sum(amount_minor) FILTER (WHERE is_soon) AS revenue_minor,
        sum(orders) FILTER (WHERE sold_at < $until_at) AS ever_orders,
        sum(amount_minor) FILTER (WHERE sold_at < $until_at) AS ever_minor
    FROM (
        SELECT
            answered.survey_id,
            answered.survey_kind,
            answered.member_number,
            sales.orders,
            sales.amount_minor,
            sales.sold_at,
            sold_at > answered_at
                AND sold_at <= answered_at + to_days($within_days::INTEGER) AS is_soon
        FROM answered
        JOIN sales USING (member_number)
    )
    GROUP BY ALL
)

SELECT
    survey_id,
    survey_kind,
    CASE survey_kind
        WHEN 'nps' THEN
            CASE band WHEN 'top' THEN 'promoters' WHEN 'middle' THEN 'passives'
                ELSE 'detractors' END
        ELSE
            CASE band WHEN 'top' THEN 'satisfied' WHEN 'middle' THEN 'neutral'
                ELSE 'dissatisfied' END
    END AS band,
    count(*) AS members,
    ratio(
        count(*), sum(count(*)) OVER (PARTITION BY survey_id, survey_kind)
    ) AS share,
    count(*) FILTER (WHERE bought.orders > 0) AS returned,
    ratio(count(*) FILTER (WHERE bought.orders > 0), count(*)) AS return_rate,
    whole(sum(bought.orders)) AS orders,
    whole(sum(bought.revenue_minor)) AS revenue_minor,
    ratio(whole(sum(bought.revenue_minor)), count(*)) AS value_minor,
    whole(sum(bought.ever_orders)) AS ever_orders,
    whole(sum(bought.ever_minor)) AS ever_minor,
    ratio(whole(sum(bought.ever_minor)), count(*)) AS ever_value_minor
FROM answered
LEFT JOIN bought USING (survey_id, survey_kind, member_number)
GROUP BY survey_id, survey_kind, answered.band
ORDER BY survey_id, survey_kind, array_position(['top', 'middle', 'bottom'], answered.band)
