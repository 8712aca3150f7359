-- What orders earned under each rule and campaign, and on how much of their money.
--
-- Reads: entries
CREATE VIEW rules AS
SELECT
    member_number,
    happened_at,
    rule.rule_id,
    -- Entries from before there were campaigns do not name any.
    CASE WHEN list_contains([each.campaign_id FOR each IN campaigns], rule.rule_id)
        THEN 'campaign' ELSE 'rule' END AS kind,
    rule.points,
    rule.eligible_minor
FROM (
    SELECT member_number, happened_at, campaigns, unnest(rules) AS rule
    FROM entries
    WHERE entry_kind = 'accrual'
)
