-- What waits for maintenance. Oldest far in the past: the job does not run, or stumbles over a row.
SELECT
    b.task::name AS task,
    b.due,
    b.oldest
FROM ticketing.maintenance_backlog AS b
ORDER BY b.due DESC, b.task ASC;
