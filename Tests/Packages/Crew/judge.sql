-- Judges runs of crew.chain and others of this package from outside: what the database says of them is held against
-- the ledger that the task bodies wrote. Prints one JSON object; every number in it but the first three must be 0.
--
-- usage: PGOPTIONS='-c search_path=SCHEMA' psql -XqAt -v ON_ERROR_STOP=1 -v ledger=FILE -f judge.sql URL
CREATE TEMP TABLE line (
  place bigserial, run uuid, task text, attempt int, version text, what text, node int, mark text);
\set load '\\copy pg_temp.line (run, task, attempt, version, what, node, mark) FROM ' :'ledger' ' WITH (DELIMITER '' '')'
:load

-- What a task left, with the execution it came from.
CREATE TEMP TABLE committed AS
SELECT t.run_id, t.task, t.attempt, t.seq, t.lease_epoch, t.status, split_part(t.output ->> t.task, ' ', 1) AS version,
  split_part(t.output ->> t.task, ' ', 2) AS mark
FROM task_run AS t JOIN workflow_run AS r ON r.id = t.run_id AND r.package_name = 'crew';

-- Where the trail of a run says that the attempt ended.
CREATE TEMP TABLE told AS
SELECT e.workflow_id, e.id, e.data ->> 'task' AS task, (e.data ->> 'attempt')::int AS attempt FROM workflow_event AS e
WHERE e.event_type IN ('task_succeeded', 'task_failed', 'task_skipped', 'task_retried');

CREATE TEMP TABLE granted AS
SELECT workflow_id, id, (data ->> 'epoch')::bigint AS epoch FROM workflow_event WHERE event_type = 'leased';

-- Which task of a run waits for which.
CREATE TEMP TABLE follows AS
SELECT r.id AS run, t.task ->> 'id' AS task, d.name AS dependency
FROM workflow_run AS r
JOIN workflow_definition AS w ON w.tenant_id = r.tenant_id AND w.package_digest = r.package_digest
  AND w.name = r.workflow_name
CROSS JOIN json_array_elements(w.definition #> '{definition,tasks}') AS t (task)
CROSS JOIN json_array_elements_text(t.task -> 'dependencies') AS d (name);
CREATE INDEX ON line (run, task);
CREATE INDEX ON committed (run_id, task);
CREATE INDEX ON told (workflow_id, task);
CREATE INDEX ON granted (workflow_id);
ANALYZE line, committed, told, granted, follows;

SELECT json_build_object(
  'runs', (SELECT count(*) FROM workflow_run WHERE status = 'succeeded'),
  'results', (SELECT count(*) FROM committed WHERE status = 'succeeded'),
  'bodies', (SELECT count(*) FROM line WHERE what = 'begin'),
  'not_succeeded', (SELECT count(*) FROM workflow_run WHERE status <> 'succeeded'),
  -- A task has one end, and a run that succeeded has one for each of its tasks.
  'double_results', (SELECT count(*) FROM (
    SELECT FROM committed WHERE status IN ('succeeded', 'failed', 'skipped')
    GROUP BY run_id, task HAVING count(*) > 1) AS doubled),
  'missing_results', (SELECT count(*) FROM workflow_run AS r
    JOIN workflow_definition AS d ON d.tenant_id = r.tenant_id AND d.package_digest = r.package_digest
      AND d.name = r.workflow_name
    WHERE r.status = 'succeeded' AND json_array_length(d.definition #> '{definition,tasks}')
      <> (SELECT count(*) FROM committed AS c WHERE c.run_id = r.id AND c.status = 'succeeded')),
  -- The execution that a result names ended, by its own account, and is the run's and the task's.
  'results_without_a_body', (SELECT count(*) FROM committed AS c WHERE status = 'succeeded' AND NOT EXISTS (
    SELECT FROM line AS l WHERE l.run = c.run_id AND l.task = c.task AND l.mark = c.mark AND l.what = 'end')),
  'wrong_versions', (SELECT count(*) FROM workflow_run AS r
    WHERE EXISTS (SELECT FROM line AS l WHERE l.run = r.id AND l.version <> r.package_version)
      OR EXISTS (SELECT FROM committed AS c WHERE c.run_id = r.id AND c.status = 'succeeded'
        AND c.version <> r.package_version)),
  -- Written under an epoch after a later one was granted: by the order of rows, and by the order of the trail.
  'late_writes', (SELECT count(*) FROM (
      SELECT lease_epoch, max(lease_epoch) OVER (PARTITION BY run_id ORDER BY seq) AS newest FROM committed) AS c
    WHERE lease_epoch < newest)
    + (SELECT count(*) FROM committed AS c
      JOIN told AS t ON t.workflow_id = c.run_id AND t.task = c.task AND t.attempt = c.attempt
      JOIN granted AS g ON g.workflow_id = c.run_id AND g.epoch > c.lease_epoch AND g.id < t.id),
  -- Began when a task that waits for its result had begun already.
  'finished_and_begun_again', (SELECT count(*) FROM (
      SELECT f.run, f.dependency, min(l.place) AS place FROM follows AS f
      JOIN line AS l ON l.run = f.run AND l.task = f.task AND l.what = 'begin' GROUP BY 1, 2) AS f
    JOIN line AS l ON l.run = f.run AND l.task = f.dependency AND l.what = 'begin' AND l.place > f.place),
  'untold_results', (SELECT count(*) FROM committed AS c WHERE NOT EXISTS (
    SELECT FROM told AS t WHERE t.workflow_id = c.run_id AND t.task = c.task AND t.attempt = c.attempt)));
