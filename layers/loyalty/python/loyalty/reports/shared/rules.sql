-- What orders earned under each rule, and on how much of their money.
--
-- Reads: entries
CREATE VIEW rules AS
SELECT fact_id, member_id, happened_at, rule.rule_id, rule.points, rule.eligible_minor
FROM (
    SELECT fact_id, member_id, happened_at, unnest(rules) AS rule
    FROM entries
    WHERE entry_kind = 'accrual'
)
