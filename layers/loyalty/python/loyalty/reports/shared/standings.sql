-- The level that each member has at the end of a day: a function of what qualified until then.
--
-- Reads: entries, members
--
-- As the product computes it (domain/ledger/tiers.py): a level is reached by what counts in one period
-- and holds to the end of the next; a floor that was granted holds to its own day. `spans` is how
-- many numbered periods count together, and for how many more a level holds.
--
-- `counting` names the entries that are looked at: all of them ('entries'), or where a report asks
-- for few members, theirs alone.
CREATE MACRO standings(counting, day, until_at) AS TABLE
WITH known AS (
    SELECT
        fact_id AS member_id,
        local_day(enrolled_at) AS enrolled_on,
        local_day(ended_at) AS ended_on,
        enrolled_at < until_at AND (ended_at IS NULL OR ended_at >= until_at) AS is_present,
        floor_level,
        floor_until
    FROM members
),

present AS (
    SELECT
        *,
        CASE getvariable('tier_period')
            WHEN 'calendar_year' THEN year(day)
            WHEN 'rolling_12_months' THEN year(day) * 12 + month(day) - 1
            WHEN 'membership_year' THEN greatest(0, years_between(enrolled_on, day))
        END AS period
    FROM known
    WHERE is_present
),

own AS (
    SELECT
        member_id,
        substr(qualifying_counter, 2)::INTEGER AS period,
        sum(qualifying_amount) AS amount
    FROM query_table(counting)
    WHERE recorded_at < until_at AND qualifying_counter[1] = getvariable('tier_letter')
    GROUP BY member_id, qualifying_counter
),

-- Amounts of a merged member count for the survivor, in the period in which the merged member's
-- period ended. Only years of membership differ between members.
counted AS (
    SELECT own.member_id, own.period, own.amount
    FROM own
    WHERE own.member_id NOT IN (SELECT member_id FROM heirs)
    UNION ALL
    SELECT
        heirs.person_id,
        CASE getvariable('tier_period')
            WHEN 'membership_year' THEN greatest(0, years_between(survivor.enrolled_on, least(
                (merged.enrolled_on + to_years(own.period + 1))::DATE - 1, merged.ended_on
            )))
            ELSE own.period
        END,
        own.amount
    FROM own
    JOIN heirs USING (member_id)
    JOIN known AS merged USING (member_id)
    JOIN known AS survivor ON survivor.member_id = heirs.person_id
    -- Periods further away were numbered under an earlier setting of the program.
    WHERE getvariable('tier_period') <> 'membership_year' OR abs(
        own.period - greatest(0, years_between(merged.enrolled_on, merged.ended_on))
    ) <= 1
),

windows AS (
    SELECT member_id, ends_with, sum(amount) AS amount
    FROM (
        SELECT
            member_id,
            amount,
            unnest(range(period, period + getvariable('tier_spans'))) AS ends_with
        FROM counted
    )
    GROUP BY ALL
),

best AS (
    SELECT present.member_id, max(windows.amount) AS amount
    FROM windows
    JOIN present USING (member_id)
    WHERE ends_with BETWEEN period - getvariable('tier_spans') AND period
    GROUP BY ALL
)

SELECT present.member_id, max_by(levels.level, levels.reached_at) AS level
FROM present
LEFT JOIN best USING (member_id)
LEFT JOIN levels
    ON levels.reached_at <= best.amount
    OR (levels.level = present.floor_level AND present.floor_until >= day)
GROUP BY ALL
