-- What each campaign gave for each order, and what refunds and changes took back of it so far.
--
-- Reads: entries
CREATE VIEW campaign_points AS
SELECT
    source,
    order_id,
    change.campaign_id AS campaign_id,
    whole(sum(change.points) FILTER (change.points > 0)) AS points,
    whole(-sum(change.points) FILTER (change.points < 0)) AS recovered
FROM (
    SELECT source, order_id, unnest(campaigns) AS change FROM entries WHERE len(campaigns) > 0
)
GROUP BY ALL
