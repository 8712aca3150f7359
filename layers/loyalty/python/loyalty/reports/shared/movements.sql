-- Points that entries put into one place or, negative, took from it.
--
-- Reads: entries
CREATE VIEW movements AS
SELECT
    member_number,
    entry_kind,
    counted_at,
    movement.place,
    movement.available_on,
    movement.expires_on,
    movement.points
FROM (SELECT member_number, entry_kind, counted_at, unnest(movements) AS movement FROM entries)
