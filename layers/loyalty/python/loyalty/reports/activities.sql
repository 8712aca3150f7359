-- Activities: what members do besides buying, by kind and source, and what it earned.
--
-- Reads: activities, members
-- Chart: bar | activity | standing, retracted
--
-- The activities of the period, by when they were recorded first, with all that has become of them
-- so far.
--
-- | Column    | Unit       | What it is                                                     |
-- |-----------|------------|----------------------------------------------------------------|
-- | activity  | activity   | the activity's id in the program's document                    |
-- | source    | source     | the system that reported it                                    |
-- | recorded  | activities | activities that were recorded                                  |
-- | retracted | activities | of these, removed since                                        |
-- | limited   | activities | of these, beyond a limit, or waiting for an order              |
-- | standing  | activities | recorded - retracted - limited                                 |
-- | members   | members    | members with a standing activity                               |
-- | points    | points     | points that members still have for them                        |

SELECT
    activity,
    source,
    whole(count(*)) AS recorded,
    whole(count(*) FILTER (state = 'retracted')) AS retracted,
    whole(count(*) FILTER (state IN ('limited', 'waiting'))) AS limited,
    whole(count(*) FILTER (state = 'awarded')) AS standing,
    whole(
        count(DISTINCT coalesce(heirs.person_number, activities.member_number))
        FILTER (state = 'awarded')
    ) AS members,
    whole(sum(activities.points)) AS points
FROM activities
LEFT JOIN heirs ON heirs.member_number = activities.member_number
WHERE first_recorded_at >= $from_at AND first_recorded_at < $until_at
GROUP BY ALL
ORDER BY recorded DESC, activity, source
