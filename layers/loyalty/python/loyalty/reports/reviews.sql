-- Reviews: what safeguards and watches opened, what became of it, and how long it waited.
--
-- Reads: entries, reviews
-- Chart: bar | rule_id | released, rejected, open
--
-- Reviews that were opened in the period, by the safeguard or watch that opened them, as they stand
-- now. An order that exceeded several safeguards counts for each. Points are held for orders beyond
-- a safeguard that says so; a watch holds none. What a rejection took back is counted by its entry:
-- points that could be spent, pending ones, and a debt.
--
-- | Column        | Unit    | What it is                                                        |
-- |---------------|---------|-------------------------------------------------------------------|
-- | rule_id       | rule    | the id of the safeguard or watch in the program's document        |
-- | opened_by     | word    | `safeguard` or `watch`                                            |
-- | opened        | reviews | reviews opened in the period                                      |
-- | open          | reviews | of these, not decided yet                                         |
-- | released      | reviews | of these, released                                                |
-- | rejected      | reviews | of these, rejected                                                |
-- | rejected_rate | ratio   | rejected / (released + rejected)                                  |
-- | wait_days     | days    | mean days from the opening to the decision, of those decided      |
-- | points        | points  | points that their orders earned                                   |
-- | points_held   | points  | of these, held when the review was opened                         |
-- | points_taken  | points  | points that rejections took back                                  |

WITH found AS (
    SELECT
        unnest(rules) AS rule_id,
        opened_by,
        state,
        epoch_us(decided_at) - epoch_us(opened_at) AS waited_us,
        points,
        CASE WHEN held_until IS NOT NULL THEN points ELSE 0 END AS points_held,
        CASE WHEN state = 'rejected' THEN entry_id END AS entry_id
    FROM reviews
    WHERE opened_at >= $from_at AND opened_at < $until_at
),

taken AS (
    SELECT fact_id AS entry_id, -(points + pending_points) AS points
    FROM entries
    WHERE entry_kind = 'clawback'
)

SELECT
    found.rule_id,
    found.opened_by,
    count(*) AS opened,
    count(*) FILTER (found.state = 'open') AS open,
    count(*) FILTER (found.state = 'released') AS released,
    count(*) FILTER (found.state = 'rejected') AS rejected,
    ratio(
        count(*) FILTER (found.state = 'rejected'), count(*) FILTER (found.state <> 'open')
    ) AS rejected_rate,
    ratio(
        sum(found.waited_us) FILTER (found.state <> 'open'),
        86400000000 * count(*) FILTER (found.state <> 'open')
    ) AS wait_days,
    whole(sum(found.points)) AS points,
    whole(sum(found.points_held)) AS points_held,
    whole(sum(taken.points)) AS points_taken
FROM found
LEFT JOIN taken ON taken.entry_id = found.entry_id
GROUP BY ALL
ORDER BY opened DESC, rule_id, opened_by
