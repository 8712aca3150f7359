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

-- The lot by which a member is held out of campaigns, as `lot` in the domain computes it.
CREATE MACRO lot(program_id, salt, member_id) AS
    ('0x' || substr(sha256(program_id || ':' || salt || ':' || member_id), 1, 8))::BIGINT % 10000;

-- Of n pairs with these sums: n times the sum of products of their deviations from the means.
CREATE MACRO codeviation(n, sum_x, sum_y, sum_xy) AS n * sum_xy - sum_x * sum_y;

-- The variance of y - theta × x in a sample.
CREATE MACRO residual_variance(n, sum_x, sum_y, sum_xx, sum_xy, sum_yy, theta) AS greatest(
    0,
    codeviation(n, sum_y, sum_y, sum_yy)::DOUBLE
        - 2 * theta * codeviation(n, sum_x, sum_y, sum_xy)::DOUBLE
        + theta * theta * codeviation(n, sum_x, sum_x, sum_xx)::DOUBLE
) / (n::DOUBLE * (n - 1)::DOUBLE);

-- How many standard errors of n members a mean may be off, at most, at whatever time one looks, in
-- 95 % of experiments: an asymptotic confidence sequence, the narrowest for 5,000 members.
CREATE MACRO always_valid_at(n, rho2) AS
    sqrt(n) * sqrt(2 * (n * rho2 + 1) * ln(sqrt(n * rho2 + 1) / 0.05) / (n * n * rho2));
CREATE MACRO always_valid(n) AS
    always_valid_at(n, (2 * ln(1 / 0.05) + ln(1 + 2 * ln(1 / 0.05))) / 5000);

-- How far two counts are from the shares that were drawn: Pearson's chi-squared.
CREATE MACRO wrongness(members, held_out, share) AS
    pow(held_out - (members + held_out) * share, 2) / ((members + held_out) * share)
        + pow(members - (members + held_out) * (1 - share), 2)
            / ((members + held_out) * (1 - share));
