-- Surveys: how members score over time, as Net Promoter Score and as satisfaction.
--
-- Reads: surveys
-- Chart: column | starts_on | top, middle, bottom | | survey_id
--
-- Answers given in the period, by day, week or month (`by`); rows without answers are left out. For
-- an nps, 9 and 10 are the top (promoters), 7 and 8 the middle (passives), and 0 to 6 the bottom
-- (detractors; F. Reichheld, Harvard Business Review, December 2003). For a csat, 4 and 5 are the
-- top (satisfied), 3 the middle, and 1 and 2 the bottom.
--
-- | Column      | Unit    | What it is                                                   |
-- |-------------|---------|--------------------------------------------------------------|
-- | survey_id   | survey  | the survey's id in the program's document                    |
-- | survey_kind | word    | nps or csat                                                  |
-- | starts_on   | day     | first day of the day, week or month, or of the period        |
-- | answers     | answers | all answers                                                  |
-- | top         | answers | of these, at the top                                         |
-- | middle      | answers | of these, in the middle                                      |
-- | bottom      | answers | of these, at the bottom                                      |
-- | low         | answers | of these, low according to the document at the time          |
-- | mean        | score   | mean score                                                   |
-- | nps         | score   | 100 × (top - bottom) / answers, only for an nps: -100 to 100 |
-- | csat        | ratio   | top / answers, only for a csat                               |
-- | score_0     | answers | answers with a score of 0                                    |
-- | score_1     | answers | answers with a score of 1                                    |
-- | score_2     | answers | answers with a score of 2                                    |
-- | score_3     | answers | answers with a score of 3                                    |
-- | score_4     | answers | answers with a score of 4                                    |
-- | score_5     | answers | answers with a score of 5                                    |
-- | score_6     | answers | answers with a score of 6                                    |
-- | score_7     | answers | answers with a score of 7                                    |
-- | score_8     | answers | answers with a score of 8                                    |
-- | score_9     | answers | answers with a score of 9                                    |
-- | score_10    | answers | answers with a score of 10                                   |

WITH answered AS (
    SELECT
        survey_id,
        survey_kind,
        step_of($by, local_day(answered_at)) AS step,
        score,
        is_low,
        band(survey_kind, score) AS band
    FROM surveys
    WHERE answered_at >= $from_at AND answered_at < $until_at
)

SELECT
    survey_id,
    survey_kind,
    steps.starts_on,
    count(*) AS answers,
    count(*) FILTER (WHERE band = 'top') AS top,
    count(*) FILTER (WHERE band = 'middle') AS middle,
    count(*) FILTER (WHERE band = 'bottom') AS bottom,
    count(*) FILTER (WHERE is_low) AS low,
    ratio(sum(score), count(*)) AS mean,
    CASE WHEN survey_kind = 'nps' THEN ratio(
        100 * (count(*) FILTER (WHERE band = 'top') - count(*) FILTER (WHERE band = 'bottom')),
        count(*)
    ) END AS nps,
    CASE WHEN survey_kind = 'csat' THEN ratio(
        count(*) FILTER (WHERE band = 'top'), count(*)
    ) END AS csat,
    count(*) FILTER (WHERE score = 0) AS score_0,
    count(*) FILTER (WHERE score = 1) AS score_1,
    count(*) FILTER (WHERE score = 2) AS score_2,
    count(*) FILTER (WHERE score = 3) AS score_3,
    count(*) FILTER (WHERE score = 4) AS score_4,
    count(*) FILTER (WHERE score = 5) AS score_5,
    count(*) FILTER (WHERE score = 6) AS score_6,
    count(*) FILTER (WHERE score = 7) AS score_7,
    count(*) FILTER (WHERE score = 8) AS score_8,
    count(*) FILTER (WHERE score = 9) AS score_9,
    count(*) FILTER (WHERE score = 10) AS score_10
FROM answered
JOIN steps($by, $first_day, $final_day) AS steps USING (step)
GROUP BY survey_id, survey_kind, steps.starts_on
ORDER BY survey_id, survey_kind, starts_on
