-- Messages: what was sent to members, and what they bought and redeemed soon after.
--
-- Reads: entries, members, messages, orders, vouchers
-- Chart: bar | message_kind | buyers / reached
--
-- Messages sent in the period, by kind, with what each member did within `within_days` days (of 24
-- hours; 14 unless the request says otherwise) after the message, as far as those days have passed.
-- An action after several messages of one kind counts once, for the last of them. An action after
-- messages of two kinds counts for both. It might have happened without the message too. Cancelled
-- redemptions do not count.
--
-- | Column        | Unit        | What it is                                                      |
-- |---------------|-------------|-----------------------------------------------------------------|
-- | message_kind  | word        | the kind, as in the program's document                          |
-- | sent          | messages    | messages sent in the period, including bounced ones             |
-- | bounced       | messages    | of these, returned as undeliverable                             |
-- | complained    | messages    | of these, reported as unwanted                                  |
-- | dropped       | messages    | never sent: too late, consent withdrawn, or refused             |
-- | reached       | members     | members with a message that did not bounce                      |
-- | buyers        | members     | of these, members who ordered within the days                   |
-- | buyer_rate    | ratio       | buyers / reached                                                |
-- | orders        | orders      | their orders within the days                                    |
-- | revenue_minor | minor units | value of these orders, less refunds within the days             |
-- | redeemers     | members     | of those reached, members who redeemed a reward within the days |
-- | redeemer_rate | ratio       | redeemers / reached                                             |
-- | redemptions   | vouchers    | vouchers they redeemed within the days                          |

WITH received AS (
    SELECT
        message_kind,
        coalesce(heirs.person_id, messages.member_id) AS member_id,
        state,
        sent_at
    FROM messages
    LEFT JOIN heirs USING (member_id)
    WHERE coalesce(sent_at, settled_at) >= $from_at AND coalesce(sent_at, settled_at) < $until_at
),

-- What members did; each action has its own number.
deeds AS (
    SELECT *, row_number() OVER () AS deed
    FROM (
        SELECT member_id, sold_at AS done_at, orders, amount_minor, 0 AS redemptions
        FROM sales
        WHERE sold_at >= $from_at
        UNION ALL
        SELECT coalesce(heirs.person_id, vouchers.member_id), issued_at, 0, 0, 1
        FROM vouchers
        LEFT JOIN heirs USING (member_id)
        WHERE issued_at >= $from_at
            AND state <> 'cancelled'
            AND (state <> 'held' OR held_until IS NULL OR held_until > $as_of)
    )
),

-- An action after several messages of one kind counts once.
followed AS (
    SELECT DISTINCT received.message_kind, deeds.*
    FROM received
    JOIN deeds ON deeds.member_id = received.member_id
        AND done_at >= sent_at AND done_at < sent_at + to_days($within_days::INTEGER)
    WHERE received.state IN ('sent', 'complained')
),

done AS (
    SELECT
        message_kind,
        count(DISTINCT member_id) FILTER (WHERE orders = 1) AS buyers,
        sum(orders) AS orders,
        sum(amount_minor) AS revenue_minor,
        count(DISTINCT member_id) FILTER (WHERE redemptions = 1) AS redeemers,
        sum(redemptions) AS redemptions
    FROM followed
    GROUP BY ALL
),

kinds AS (
    SELECT
        message_kind,
        count(*) FILTER (WHERE state IN ('sent', 'bounced', 'complained')) AS sent,
        count(*) FILTER (WHERE state = 'bounced') AS bounced,
        count(*) FILTER (WHERE state = 'complained') AS complained,
        count(*) FILTER (WHERE state = 'dropped') AS dropped,
        count(DISTINCT member_id) FILTER (WHERE state IN ('sent', 'complained')) AS reached
    FROM received
    GROUP BY ALL
)

SELECT
    message_kind,
    sent,
    bounced,
    complained,
    dropped,
    reached,
    whole(buyers) AS buyers,
    ratio(whole(buyers), reached) AS buyer_rate,
    whole(orders) AS orders,
    whole(revenue_minor) AS revenue_minor,
    whole(redeemers) AS redeemers,
    ratio(whole(redeemers), reached) AS redeemer_rate,
    whole(redemptions) AS redemptions
FROM kinds
LEFT JOIN done USING (message_kind)
ORDER BY sent DESC, message_kind
