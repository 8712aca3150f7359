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

-- Kinds are compared by their hash, which is found once for each word of a file and not in each row.
WITH arrived AS (
    SELECT
        hash(message_kind) AS kind,
        coalesce(heirs.person_number, messages.member_number) AS member_number,
        epoch_us(sent_at) AS sent_us
    FROM messages
    LEFT JOIN heirs USING (member_number)
    -- Whatever has arrived has been sent.
    WHERE sent_at >= $from_at AND sent_at < $until_at AND state IN ('sent', 'complained')
),

deeds AS (
    SELECT
        member_number,
        epoch_us(sold_at) AS done_us,
        amount_minor,
        orders::TINYINT AS orders,
        0::TINYINT AS redemptions
    FROM sales
    WHERE sold_at >= $from_at
    UNION ALL
    SELECT
        coalesce(heirs.person_number, vouchers.member_number), epoch_us(issued_at), 0, 0, 1
    FROM vouchers
    LEFT JOIN heirs USING (member_number)
    WHERE issued_at >= $from_at
        AND state <> 'cancelled'
        AND (state <> 'held' OR held_until IS NULL OR held_until > $as_of)
),

-- What members did; each action has its own number. An action follows messages of its own span of
-- days or of the span before, so that few pairs have to be compared.
numbered AS (
    SELECT
        *,
        unnest([done_us // micros($within_days), done_us // micros($within_days) - 1]) AS span
    FROM (SELECT *, row_number() OVER () AS deed FROM deeds)
),

-- An action after several messages of one kind counts once.
followed AS (
    SELECT
        kind,
        deed,
        any_value(numbered.member_number) AS member_number,
        any_value(amount_minor) AS amount_minor,
        any_value(orders) AS orders,
        any_value(redemptions) AS redemptions
    FROM arrived
    JOIN numbered ON numbered.member_number = arrived.member_number
        AND span = sent_us // micros($within_days)
        AND done_us >= sent_us AND done_us < sent_us + micros($within_days)
    GROUP BY kind, deed
),

done AS (
    SELECT
        kind,
        count(*) FILTER (WHERE has_ordered) AS buyers,
        sum(orders) AS orders,
        sum(revenue_minor) AS revenue_minor,
        count(*) FILTER (WHERE redemptions > 0) AS redeemers,
        sum(redemptions) AS redemptions
    FROM (
        SELECT
            kind,
            member_number,
            bool_or(orders = 1) AS has_ordered,
            sum(orders) AS orders,
            sum(amount_minor) AS revenue_minor,
            sum(redemptions) AS redemptions
        FROM followed
        GROUP BY kind, member_number
    )
    GROUP BY kind
),

reach AS (
    SELECT kind, count(*) AS reached
    FROM (SELECT DISTINCT kind, member_number FROM arrived)
    GROUP BY kind
),

kinds AS (
    SELECT
        message_kind,
        count(*) FILTER (WHERE state IN ('sent', 'bounced', 'complained')) AS sent,
        count(*) FILTER (WHERE state = 'bounced') AS bounced,
        count(*) FILTER (WHERE state = 'complained') AS complained,
        count(*) FILTER (WHERE state = 'dropped') AS dropped
    FROM messages
    WHERE coalesce(sent_at, settled_at) >= $from_at AND coalesce(sent_at, settled_at) < $until_at
    GROUP BY ALL
)

SELECT
    message_kind,
    sent,
    bounced,
    complained,
    dropped,
    coalesce(reached, 0) AS reached,
    whole(buyers) AS buyers,
    ratio(whole(buyers), coalesce(reached, 0)) AS buyer_rate,
    whole(orders) AS orders,
    whole(revenue_minor) AS revenue_minor,
    whole(redeemers) AS redeemers,
    ratio(whole(redeemers), coalesce(reached, 0)) AS redeemer_rate,
    whole(redemptions) AS redemptions
FROM kinds
LEFT JOIN reach ON reach.kind = hash(message_kind)
LEFT JOIN done ON done.kind = hash(message_kind)
ORDER BY sent DESC, message_kind
