/**
 * Claims a prediction for the attempt of a job; false if it is that of another one. The caller has
 * locked the part.
 */
const CLAIM = `
  CREATE FUNCTION rx_v1.claim_for(p_run bigint, p_index integer, p_attempt integer, p_id text)
  RETURNS boolean LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO rx.prediction (id, run, job_index, attempt) VALUES (p_id, p_run, p_index, p_attempt)
      ON CONFLICT DO NOTHING;
    RETURN FOUND OR EXISTS (SELECT FROM rx.prediction
      WHERE id = p_id AND run = p_run AND job_index = p_index AND attempt = p_attempt);
  END $$;
  CREATE FUNCTION rx_v1.claim(
    p_run bigint, p_part integer, p_epoch integer, p_index integer, p_attempt integer, p_id text
  ) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    PERFORM rx_v1.hold_part(p_run, p_part, p_epoch);
    RETURN rx_v1.claim_for(p_run, p_index, p_attempt, p_id);
  END $$;
`;

/**
 * Stores a job as it is after an entry, and books the difference of its money. `p_seq` numbers the
 * entries of a job: one that was stored before, or comes late, changes nothing. With `p_claim` the
 * prediction of that id is claimed, too; `claimed` means that it belongs to another attempt, and
 * then nothing is stored. An outcome frees the slot.
 */
const NOTE = `
  CREATE FUNCTION rx_v1.note(
    p_run bigint, p_part integer, p_epoch integer, p_index integer, p_seq integer, p_job jsonb,
    p_claim text, p_frees_slot boolean
  ) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE
    old rx.job;
    new rx.job;
    more_open bigint;
    more_paid bigint;
  BEGIN
    PERFORM rx_v1.hold_part(p_run, p_part, p_epoch);
    SELECT * INTO old FROM rx.job WHERE run = p_run AND job_index = p_index FOR UPDATE;
    IF p_seq <= old.seq THEN
      RETURN 'noted';
    END IF;
    new := jsonb_populate_record(NULL::rx.job, p_job);
    IF p_claim IS NOT NULL AND NOT rx_v1.claim_for(p_run, p_index, new.attempts, p_claim) THEN
      RETURN 'claimed';
    END IF;
    new.run := p_run; new.part := p_part; new.job_index := p_index; new.seq := p_seq;
    IF (p_job->>'keeps_intent')::boolean THEN
      new.intended_at := coalesce(old.intended_at, clock_timestamp());
    END IF;
    INSERT INTO rx.job SELECT new.* ON CONFLICT (run, job_index) DO UPDATE SET seq = excluded.seq,
      key = excluded.key, state = excluded.state, attempts = excluded.attempts,
      intended_at = excluded.intended_at, cancel_after_ms = excluded.cancel_after_ms,
      prediction_id = excluded.prediction_id, request = excluded.request, prediction = excluded.prediction,
      files = excluded.files, cost_micro_usd = excluded.cost_micro_usd,
      open_micro_usd = excluded.open_micro_usd, paid_micro_usd = excluded.paid_micro_usd,
      outcome = coalesce(excluded.outcome, rx.job.outcome);
    more_open := coalesce(new.open_micro_usd, 0) - coalesce(old.open_micro_usd, 0);
    more_paid := new.paid_micro_usd - coalesce(old.paid_micro_usd, 0);
    UPDATE rx.run SET reserved_micro_usd = reserved_micro_usd + more_open,
        spent_micro_usd = spent_micro_usd + more_paid
      WHERE id = p_run AND (more_open <> 0 OR more_paid <> 0);
    IF p_frees_slot THEN
      DELETE FROM rx.flight WHERE run = p_run AND job_index = p_index;
    END IF;
    RETURN 'noted';
  END $$;
`;

/** The functions that store the entries of jobs. */
export const ENTRIES = [CLAIM, NOTE].join('\n');

/**
 * Reports that the service sends by itself, for as long as a worker may want them. A hint, never a
 * promise, so it need not be flushed. The notification names the prediction, as its body may be too
 * long.
 */
export const WEBHOOKS = `
  CREATE TABLE rx.webhook (
    prediction_id text PRIMARY KEY,
    event text NOT NULL,
    received_at timestamptz NOT NULL
  );
  CREATE INDEX webhook_age ON rx.webhook (received_at);
  CREATE FUNCTION rx_v1.hear(p_id text, p_event text) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    INSERT INTO rx.webhook VALUES (p_id, p_event, clock_timestamp())
      ON CONFLICT (prediction_id) DO UPDATE SET event = excluded.event, received_at = excluded.received_at;
    DELETE FROM rx.webhook WHERE prediction_id IN (
      SELECT prediction_id FROM rx.webhook WHERE received_at < clock_timestamp() - interval '10 minutes'
        LIMIT 100 FOR UPDATE SKIP LOCKED);
    PERFORM pg_notify('rx_webhook', p_id);
  END $$;
  REVOKE ALL ON FUNCTION rx_v1.hear FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION rx_v1.hear TO rx_worker, rx_producer;
  GRANT SELECT ON rx.webhook TO rx_worker, rx_producer;
`;
