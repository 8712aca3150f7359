-- Tiers: how many members each level has, and how many moved between levels over the period.
--
-- Reads: entries, members
-- Chart: heatmap | level_after | members | level_before
--
-- Levels are those of the program's current document, by what counted at the time. `level_before`
-- is a member's level at the end of the day before the period, `level_after` at its end. `new`
-- means not yet a member before, `gone` no longer a member, and `none` below the first level. To
-- get the members of a level at the end, add up the rows with that `level_after`.
--
-- | Column       | Unit    | What it is                        |
-- |--------------|---------|-----------------------------------|
-- | level_before | level   | a level's id, none or new         |
-- | level_after  | level   | a level's id, none or gone        |
-- | movement     | word    | up, down, same, joined or left    |
-- | members      | members | members with this change of level |

WITH moved AS (
    SELECT
        CASE WHEN earlier.member_number IS NULL THEN 'new'
            ELSE coalesce(earlier.level, 'none') END AS level_before,
        CASE WHEN later.member_number IS NULL THEN 'gone'
            ELSE coalesce(later.level, 'none') END AS level_after,
        coalesce(low.rank, 0) AS rank_before,
        coalesce(high.rank, 0) AS rank_after,
        count(*) AS members
    FROM standings('entries', $day_before, $from_at) AS earlier
    FULL JOIN standings('entries', $last_day, $until_at) AS later ON later.member_number = earlier.member_number
    LEFT JOIN levels AS low ON low.level = earlier.level
    LEFT JOIN levels AS high ON high.level = later.level
    GROUP BY ALL
)

SELECT
    level_before,
    level_after,
    CASE
        WHEN level_before = 'new' THEN 'joined'
        WHEN level_after = 'gone' THEN 'left'
        WHEN rank_after > rank_before THEN 'up'
        WHEN rank_after < rank_before THEN 'down'
        ELSE 'same'
    END AS movement,
    members
FROM moved
ORDER BY rank_before, level_before, rank_after, level_after
