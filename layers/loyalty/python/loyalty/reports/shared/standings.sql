-- The level that each member has at the end of a day: a function of what qualified until then.
--
-- Reads: entries, members
--
-- As the product computes it (domain/ledger/tiers.py): a level is reached by what counts in one period
-- and holds for some more; a floor that was granted holds to its own day. `tier_spans` is how many
-- numbered periods count together, and `tier_holds` for how many more a level holds. Where a level
-- depends on the level before (`tier_steps`), `course` goes from period to period.
--
-- The numbered period of a day.
CREATE MACRO numbered(day, enrolled_on) AS CASE getvariable('tier_period')
    WHEN 'calendar_year' THEN year(day)
    WHEN 'rolling_months' THEN year(day) * 12 + month(day) - 1
    WHEN 'membership_year' THEN greatest(0, years_between(enrolled_on, day))
END;

-- The first day of a numbered period.
CREATE MACRO begun(number, enrolled_on) AS CASE getvariable('tier_period')
    WHEN 'calendar_year' THEN make_date(number, 1, 1)
    WHEN 'rolling_months' THEN make_date(number // 12, number % 12 + 1, 1)
    WHEN 'membership_year' THEN (enrolled_on + to_years(number))::DATE
END;

-- `counting` names the entries that are looked at: all of them ('entries'), or where a report asks
-- for few members, theirs alone.
CREATE MACRO standings(counting, day, until_at) AS TABLE
WITH RECURSIVE known AS (
    SELECT
        fact_number AS member_number,
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
        numbered(day, enrolled_on) AS period
    FROM known
    WHERE is_present
),

own AS (
    SELECT
        member_number,
        substr(qualifying_counter, 2)::INTEGER AS period,
        sum(qualifying_amount) AS amount
    FROM query_table(counting)
    WHERE recorded_at < until_at AND qualifying_counter[1] = getvariable('tier_letter')
    GROUP BY member_number, qualifying_counter
),

-- Amounts of a merged member count for the survivor, in the period in which the merged member's
-- period ended. Only years of membership differ between members.
counted AS (
    SELECT own.member_number, own.period, own.amount
    FROM own
    WHERE own.member_number NOT IN (SELECT member_number FROM heirs)
    UNION ALL
    SELECT
        heirs.person_number,
        CASE getvariable('tier_period')
            WHEN 'membership_year' THEN greatest(0, years_between(survivor.enrolled_on, least(
                (merged.enrolled_on + to_years(own.period + 1))::DATE - 1, merged.ended_on
            )))
            ELSE own.period
        END,
        own.amount
    FROM own
    JOIN heirs USING (member_number)
    JOIN known AS merged USING (member_number)
    JOIN known AS survivor ON survivor.member_number = heirs.person_number
    -- Periods further away were numbered under an earlier setting of the program.
    WHERE getvariable('tier_period') <> 'membership_year' OR abs(
        own.period - greatest(0, years_between(merged.enrolled_on, merged.ended_on))
    ) <= 1
),

windows AS (
    SELECT member_number, ends_with, sum(amount) AS amount
    FROM (
        SELECT
            member_number,
            amount,
            unnest(range(period, period + getvariable('tier_spans'))) AS ends_with
        FROM counted
    )
    GROUP BY ALL
),

best AS (
    SELECT present.member_number, max(windows.amount) AS amount
    FROM windows
    JOIN present USING (member_number)
    WHERE ends_with BETWEEN period - getvariable('tier_holds') AND period
    GROUP BY ALL
),

-- The rank that the amount of a window reaches, and the one that it keeps.
judged AS (
    SELECT
        windows.member_number,
        windows.ends_with AS number,
        whole(max(levels.rank) FILTER (WHERE levels.reached_at <= windows.amount)) AS reaches,
        whole(max(levels.rank)) AS keeps
    FROM windows
    JOIN levels ON levels.keeps_at <= windows.amount
    WHERE getvariable('tier_steps')
    GROUP BY ALL
),

course AS (
    SELECT judged.member_number, min(judged.number) AS number, min_by(reaches, judged.number) AS rank
    FROM judged
    JOIN present USING (member_number)
    WHERE judged.reaches > 0 AND judged.number BETWEEN present.period - 240 AND present.period
    GROUP BY ALL
    UNION ALL
    SELECT
        course.member_number,
        course.number + 1,
        greatest(
            coalesce(later.reaches, 0),
            least(course.rank, coalesce(
                CASE getvariable('tier_model')
                    WHEN 'while_enough' THEN later.keeps
                    ELSE earlier.keeps
                END,
                0
            )),
            coalesce(getvariable('tier_below')[course.rank], 0)
        )
    FROM course
    JOIN present USING (member_number)
    LEFT JOIN judged AS earlier
        ON earlier.member_number = course.member_number AND earlier.number = course.number
    LEFT JOIN judged AS later
        ON later.member_number = course.member_number AND later.number = course.number + 1
    WHERE course.number < present.period
),

-- Where levels hold for months from a day: the days that entries tell, of merged members too. Of a
-- member without any, the first day of the last period that had enough.
days AS (
    SELECT DISTINCT
        coalesce(heirs.person_number, member_number) AS member_number,
        reached.level,
        reached.reached_on
    FROM (
        SELECT member_number, unnest(levels_reached) AS reached
        FROM query_table(counting)
        WHERE recorded_at < until_at AND getvariable('tier_months') IS NOT NULL
    )
    LEFT JOIN heirs USING (member_number)
),

terms AS (
    SELECT days.member_number, levels.rank, days.reached_on
    FROM days
    JOIN present USING (member_number)
    JOIN levels USING (level)
    JOIN windows
        ON windows.member_number = days.member_number
        AND windows.ends_with = numbered(days.reached_on, present.enrolled_on)
        AND windows.amount >= levels.reached_at
    UNION ALL
    SELECT
        windows.member_number,
        levels.rank,
        begun(max(windows.ends_with), any_value(present.enrolled_on))
    FROM windows
    JOIN present USING (member_number)
    JOIN levels ON levels.reached_at <= windows.amount
    WHERE getvariable('tier_months') IS NOT NULL
        AND windows.ends_with BETWEEN present.period - 59
            AND present.period + getvariable('tier_spans')
        AND windows.member_number NOT IN (SELECT member_number FROM days)
    GROUP BY windows.member_number, levels.rank
),

spells AS (
    SELECT member_number, rank, reached_on, 1 AS number
    FROM terms
    WHERE reached_on <= day
    UNION ALL
    SELECT member_number, getvariable('tier_below')[rank], reached_on, number + 1
    FROM spells
    WHERE getvariable('tier_below')[rank] > 0
        AND (reached_on + to_months(getvariable('tier_months') * number))::DATE < day
),

held AS (
    SELECT member_number, max(rank) AS rank
    FROM spells
    WHERE (reached_on + to_months(getvariable('tier_months') * number))::DATE >= day
    GROUP BY member_number
)

SELECT present.member_number, max_by(levels.level, levels.rank) AS level
FROM present
LEFT JOIN best USING (member_number)
LEFT JOIN course ON course.member_number = present.member_number AND course.number = present.period
LEFT JOIN held ON held.member_number = present.member_number
LEFT JOIN levels
    ON levels.reached_at <= best.amount
    OR levels.rank = course.rank
    OR levels.rank = held.rank
    OR (levels.level = present.floor_level AND present.floor_until >= day)
GROUP BY ALL
