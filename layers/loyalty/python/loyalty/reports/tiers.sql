-- Tiers: how many members each level has, and how many moved between levels over the period.
--
-- Reads: entries, members
-- Chart: heatmap | level_after | members | level_before
--
-- Levels as the program's document has them now, by what had counted until then. `level_before` is
-- a member's level at the end of the day before the period, `level_after` the one at its end;
-- `new` stands for who was no member before, `gone` for who no longer is, and `none` for members
-- below the first level. The members of a level at the end are the sum over its `level_after`.
--
-- | Column       | Unit    | What it is                          |
-- |--------------|---------|-------------------------------------|
-- | level_before | level   | a level's id, none or new           |
-- | level_after  | level   | a level's id, none or gone          |
-- | movement     | word    | up, down, same, joined or left      |
-- | members      | members | members who moved so, or stayed     |

WITH moved AS (
    SELECT
        CASE WHEN earlier.member_id IS NULL THEN 'new'
            ELSE coalesce(earlier.level, 'none') END AS level_before,
        CASE WHEN later.member_id IS NULL THEN 'gone'
            ELSE coalesce(later.level, 'none') END AS level_after,
        whole(low.reached_at) AS rank_before,
        whole(high.reached_at) AS rank_after,
        count(*) AS members
    FROM standings('entries', $day_before, $from_at) AS earlier
    FULL JOIN standings('entries', $last_day, $until_at) AS later ON later.member_id = earlier.member_id
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
