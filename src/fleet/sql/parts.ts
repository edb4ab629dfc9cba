/** Conversions between the database's times and milliseconds. */
const TIMES = `
  CREATE FUNCTION rx_v1.epoch_ms(t timestamptz) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT round(extract(epoch FROM t) * 1e6) / 1e3
  $$;
  CREATE FUNCTION rx_v1.ms(i interval) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT ceil(extract(epoch FROM i) * 1e3)::integer
  $$;
  CREATE FUNCTION rx_v1.span(ms bigint) RETURNS interval LANGUAGE sql IMMUTABLE AS $$
    SELECT make_interval(secs => ms / 1e3)
  $$;
`;

/**
 * Shares a lock of a part until the end of the transaction, if it is still the caller's. The next
 * owner waits, and sees the changes. An earlier owner is refused: it is fenced.
 */
const HOLD_PART = `
  CREATE FUNCTION rx_v1.hold_part(p_run bigint, p_part integer, p_epoch integer) RETURNS void
  LANGUAGE plpgsql AS $$
  DECLARE
    current integer;
  BEGIN
    SELECT epoch INTO current FROM rx.part
      WHERE run = p_run AND part = p_part AND state = 'taken' FOR SHARE;
    IF current IS DISTINCT FROM p_epoch THEN
      RAISE EXCEPTION 'part % of run % is no longer that of epoch %', p_part, p_run, p_epoch
        USING ERRCODE = 'RXF01';
    END IF;
  END $$;
`;

/**
 * Locks a part for the caller alone; returns true if this epoch has brought it to a state already,
 * by a call whose response was lost.
 */
const IS_PAST = `
  CREATE FUNCTION rx_v1.is_past(p_run bigint, p_part integer, p_epoch integer, p_state text)
  RETURNS boolean LANGUAGE plpgsql AS $$
  DECLARE
    p rx.part;
  BEGIN
    SELECT * INTO p FROM rx.part WHERE run = p_run AND part = p_part FOR UPDATE;
    RETURN p.state = p_state AND p.epoch = p_epoch;
  END $$;
`;

/**
 * Gives a part to a worker: from now on its earlier owner is fenced. `p_after_death` counts the
 * death of that one; deaths between which a job got its outcome are not counted together. Returns
 * nothing of a part that is done, else its epoch, plans and jobs, the state of its run, the job on
 * which three owners in a row have died that ran it alone, and the database's time. Called again
 * with the same `p_claim`, as its response was lost, it returns the same and counts no death.
 */
const TAKE = `
  CREATE FUNCTION rx_v1.take(
    p_run bigint, p_part integer, p_owner text, p_after_death boolean, p_claim text DEFAULT NULL,
    OUT epoch integer, OUT plans bytea, OUT deaths integer, OUT suspect integer, OUT jobs jsonb,
    OUT run_state text, OUT now_ms double precision
  ) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE
    p rx.part;
    done integer;
  BEGIN
    SELECT * INTO p FROM rx.part WHERE run = p_run AND part = p_part AND state <> 'done' FOR UPDATE;
    IF NOT FOUND THEN
      RETURN;
    END IF;
    SELECT count(*) INTO done FROM rx.job j WHERE j.run = p_run AND j.part = p_part AND j.outcome IS NOT NULL;
    plans := p.plans;
    IF p_claim IS NOT NULL AND p.state = 'taken' AND p.claim = p_claim THEN
      epoch := p.epoch; deaths := p.deaths;
      suspect := CASE WHEN p.suspect_deaths >= 3 THEN p.last_suspect END;
    ELSE
      epoch := p.epoch + 1;
      deaths := CASE WHEN p_after_death THEN CASE WHEN done > p.done_jobs THEN 1 ELSE p.deaths + 1 END
        WHEN done > p.done_jobs THEN 0 ELSE p.deaths END;
      IF p_after_death AND p.suspect IS NOT NULL THEN
        p.suspect_deaths := CASE WHEN p.suspect = p.last_suspect THEN p.suspect_deaths + 1 ELSE 1 END;
        p.last_suspect := p.suspect;
      END IF;
      suspect := CASE WHEN p.suspect_deaths >= 3 THEN p.last_suspect END;
      UPDATE rx.part q SET epoch = take.epoch, owner = p_owner, state = 'taken', claim = p_claim, taken_at = clock_timestamp(),
          deaths = take.deaths, done_jobs = done, suspect = NULL,
          last_suspect = p.last_suspect, suspect_deaths = p.suspect_deaths
        WHERE q.run = p_run AND q.part = p_part;
    END IF;
    SELECT coalesce(jsonb_agg(to_jsonb(j) || jsonb_build_object(
        'intended_at_ms', rx_v1.epoch_ms(j.intended_at), 'slot', f.attempt)), '[]') INTO jobs
      FROM rx.job j LEFT JOIN rx.flight f ON f.run = j.run AND f.job_index = j.job_index
      WHERE j.run = p_run AND j.part = p_part;
    SELECT state INTO run_state FROM rx.run WHERE id = p_run;
    now_ms := rx_v1.epoch_ms(clock_timestamp());
  END $$;
`;

/** Notes the job that is run alone: if its worker dies once more, it died on this one. */
const MARK = `
  CREATE FUNCTION rx_v1.mark(p_run bigint, p_part integer, p_epoch integer, p_index integer) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    UPDATE rx.part SET suspect = p_index
      WHERE run = p_run AND part = p_part AND epoch = p_epoch AND state = 'taken';
    IF NOT FOUND THEN
      PERFORM rx_v1.hold_part(p_run, p_part, p_epoch);
    END IF;
  END $$;
`;

/**
 * Returns a part to those that wait: its jobs keep their state, its owner is fenced. Returns true
 * if the caller must send its task to that queue, in the same transaction; while the run is paused,
 * the command that resumes it sends the task. The lock of the run makes that command wait.
 */
const GIVE_BACK = `
  CREATE FUNCTION rx_v1.give_back(
    p_run bigint, p_part integer, p_epoch integer, p_queue text, p_refusal text DEFAULT NULL
  ) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE
    run_state text;
  BEGIN
    IF NOT rx_v1.is_past(p_run, p_part, p_epoch, 'waiting') THEN
      PERFORM rx_v1.hold_part(p_run, p_part, p_epoch);
      UPDATE rx.part SET state = 'waiting', queue = p_queue, owner = NULL, suspect = NULL,
          refusals = CASE WHEN p_refusal IS NULL THEN 0 ELSE refusals + 1 END, refusal = p_refusal
        WHERE run = p_run AND part = p_part;
    END IF;
    SELECT state INTO run_state FROM rx.run WHERE id = p_run FOR SHARE;
    RETURN run_state <> 'paused';
  END $$;
`;

/**
 * Ends a part: stores its packed outcomes, frees its slots and forgets its jobs. Money that is held
 * for attempts of which nothing is known stays reserved. The last part ends the run.
 */
const FINISH = `
  CREATE FUNCTION rx_v1.finish(
    p_run bigint, p_part integer, p_epoch integer, p_counts jsonb, p_outcomes bytea
  ) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    IF rx_v1.is_past(p_run, p_part, p_epoch, 'done') THEN
      RETURN;
    END IF;
    PERFORM rx_v1.hold_part(p_run, p_part, p_epoch);
    -- Of two parts that end at once, the later waits here, and sees the other below.
    UPDATE rx.run SET saved = saved + coalesce((p_counts->>'saved')::integer, 0),
        failed = failed + coalesce((p_counts->>'failed')::integer, 0),
        skipped = skipped + coalesce((p_counts->>'skipped')::integer, 0) WHERE id = p_run;
    DELETE FROM rx.flight f USING rx.job j
      WHERE j.run = p_run AND j.part = p_part AND f.run = j.run AND f.job_index = j.job_index;
    -- They have the prompts, too.
    DELETE FROM rx.webhook w USING rx.job j
      WHERE j.run = p_run AND j.part = p_part AND w.prediction_id = j.prediction_id;
    DELETE FROM rx.job WHERE run = p_run AND part = p_part;
    UPDATE rx.part SET state = 'done', owner = NULL, outcomes = p_outcomes
      WHERE run = p_run AND part = p_part;
    UPDATE rx.run SET state = 'done' WHERE id = p_run AND state IN ('running', 'paused')
      AND NOT EXISTS (SELECT FROM rx.part WHERE run = p_run AND state <> 'done');
    DELETE FROM rx.prediction WHERE claimed_at < clock_timestamp() - interval '2 hours';
  END $$;
`;

/** The functions that hand parts to workers. */
export const PARTS = [TIMES, HOLD_PART, IS_PAST, TAKE, MARK, GIVE_BACK, FINISH].join('\n');
