/**
 * Views for people: the progress of each run, and the items that need a person. Open parts are few
 * compared with those that are done, so they have an index.
 *
 * `rx.stuck.why`: `output` is a prediction whose output the service will have deleted soon, an hour
 * after its end; `lost` a create request of which nothing was found in that time; `deaths` a part
 * with which three workers have died; `refused` one that workers have left to others three times in
 * a row, as they cannot work on it; `paused` and `loading` a run that waits for its command.
 */
export const VIEWS = `
  CREATE INDEX part_open ON rx.part (run) WHERE state <> 'done';
  CREATE VIEW rx.status AS
    SELECT r.id AS run, r.name, r.state, r.reason, r.begun_at, r.total,
      r.saved + hot.saved AS saved, r.failed + hot.failed AS failed, r.skipped + hot.skipped AS skipped,
      (SELECT count(*) FROM rx.flight f WHERE f.run = r.id) AS in_flight,
      (SELECT count(*) FROM rx.prediction c
        WHERE c.run = r.id AND c.claimed_at > clock_timestamp() - interval '1 minute') AS made_last_minute,
      open.waiting AS parts_waiting, open.taken AS parts_taken,
      r.spent_micro_usd, r.reserved_micro_usd, r.limit_micro_usd
    FROM rx.run r
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE j.state = 'saved') AS saved,
        count(*) FILTER (WHERE j.state = 'failed') AS failed,
        count(*) FILTER (WHERE j.state = 'skipped') AS skipped
      FROM rx.job j WHERE j.run = r.id AND j.outcome IS NOT NULL) hot
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE p.state = 'waiting') AS waiting,
        count(*) FILTER (WHERE p.state = 'taken') AS taken
      FROM rx.part p WHERE p.run = r.id AND p.state <> 'done') open;

  CREATE VIEW rx.stuck AS
    SELECT j.run, j.part, j.job_index, j.prediction_id, p.owner, j.intended_at AS since,
      CASE j.state WHEN 'intended' THEN 'lost' ELSE 'output' END AS why, NULL::text AS detail
    FROM rx.job j JOIN rx.part p USING (run, part)
    WHERE j.state IN ('intended', 'created') AND j.intended_at < clock_timestamp() - interval '45 minutes'
    UNION ALL
    SELECT p.run, p.part, NULL, NULL, p.owner, p.taken_at, 'deaths', p.deaths::text
    FROM rx.part p WHERE p.state <> 'done' AND p.deaths >= 3
    UNION ALL
    SELECT p.run, p.part, NULL, NULL, p.owner, p.taken_at, 'refused', p.refusal
    FROM rx.part p WHERE p.state <> 'done' AND p.refusals >= 3
    UNION ALL
    SELECT r.id, NULL, NULL, NULL, NULL, r.begun_at, r.state, r.reason
    FROM rx.run r
    WHERE r.state = 'paused' OR r.state = 'loading' AND r.begun_at < clock_timestamp() - interval '10 minutes';

  GRANT SELECT ON rx.status, rx.stuck TO rx_worker, rx_producer;
`;
