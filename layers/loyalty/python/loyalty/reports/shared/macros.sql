-- What the reports share: sums, ratios, days.
--
-- The engine sets `midnights` (the first moment of each local day since 2000, in UTC), the
-- `point_minor` and `point_points` of the program's `point_value`, and makes `local_day(moment)`,
-- the program's day of an instant.

-- An empty sum is null, and a sum of 64-bit integers has a wider type; this makes both a BIGINT.
CREATE MACRO whole(total) AS coalesce(total, 0)::BIGINT;

-- A ratio to six decimals. It rounds halves away from zero and computes with integers only.
CREATE MACRO ratio(part, total) AS CASE WHEN total > 0 THEN
    (sign(part) * ((2000000 * abs(part)::HUGEINT + total) // (2 * total::HUGEINT)))::DECIMAL(32, 0)
    * 0.000001::DECIMAL(6, 6)
END;

-- A share of a whole number as a whole number, with halves rounded up; null if the total is 0.
CREATE MACRO portion(amount, part, total) AS CASE WHEN total > 0 THEN
    ((2 * amount::HUGEINT * part + total) // (2 * total::HUGEINT))::BIGINT
END;

-- The worth of points in minor units, rounded toward zero; null if the program does not set one.
CREATE MACRO worth(points) AS
    (points::HUGEINT * getvariable('point_minor')
        // getvariable('point_points'))::BIGINT;

CREATE MACRO midnight(day) AS getvariable('midnights')[day - DATE '2000-01-01' + 1];

-- Days of 24 hours in microseconds, as `epoch_us` counts.
CREATE MACRO micros(days) AS days::BIGINT * 86400000000;

CREATE MACRO step_of(by_part, day) AS date_trunc(by_part, day)::DATE;
CREATE MACRO month_of(day) AS date_trunc('month', day)::DATE;
CREATE MACRO months_between(first_month, last_month) AS
    (date_diff('month', first_month, last_month))::BIGINT;

-- The days, weeks (from Monday) or months of a period; the period cuts the first and the last.
CREATE MACRO steps(by_part, first_day, final_day) AS TABLE
    SELECT step_of(by_part, day) AS step, min(day)::DATE AS starts_on, max(day)::DATE AS ends_on
    FROM (
        SELECT unnest(generate_series(first_day, final_day, INTERVAL 1 DAY))::DATE AS day
    )
    GROUP BY step;

-- Whole years between two days. In a year without 29 February, the 28th stands in for it.
CREATE MACRO years_between(first_day, last_day) AS year(last_day) - year(first_day)
    - (last_day < (first_day + to_years(year(last_day) - year(first_day)))::DATE)::INTEGER;

-- The band of a score on the scale of its kind of survey.
CREATE MACRO band(survey_kind, score) AS CASE
    WHEN score >= CASE survey_kind WHEN 'nps' THEN 9 ELSE 4 END THEN 'top'
    WHEN score >= CASE survey_kind WHEN 'nps' THEN 7 ELSE 3 END THEN 'middle'
    ELSE 'bottom'
END;
