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
 * owner waits, and sees what was done. An earlier owner is refused: it is fenced.
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
 * death of that one. Returns nothing of a part that is done, else its epoch, plans and jobs, and
 * the database's time.
 */
const TAKE = `
  CREATE FUNCTION rx_v1.take(
    p_run bigint, p_part integer, p_owner text, p_after_death boolean,
    OUT epoch integer, OUT plans bytea, OUT deaths integer, OUT jobs jsonb, OUT now_ms double precision
  ) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    UPDATE rx.part p SET epoch = p.epoch + 1, owner = p_owner, state = 'taken', taken_at = clock_timestamp(),
        deaths = p.deaths + p_after_death::integer
      WHERE p.run = p_run AND p.part = p_part AND p.state <> 'done'
      RETURNING p.epoch, p.plans, p.deaths INTO epoch, plans, deaths;
    IF NOT FOUND THEN
      RETURN;
    END IF;
    SELECT coalesce(jsonb_agg(to_jsonb(j) || jsonb_build_object(
        'intended_at_ms', rx_v1.epoch_ms(j.intended_at), 'slot', f.attempt)), '[]') INTO jobs
      FROM rx.job j LEFT JOIN rx.flight f ON f.run = j.run AND f.job_index = j.job_index
      WHERE j.run = p_run AND j.part = p_part;
    now_ms := rx_v1.epoch_ms(clock_timestamp());
  END $$;
`;

/** Returns a part to those that wait: its jobs keep what they have, its owner is fenced. */
const GIVE_BACK = `
  CREATE FUNCTION rx_v1.give_back(p_run bigint, p_part integer, p_epoch integer) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    IF rx_v1.is_past(p_run, p_part, p_epoch, 'waiting') THEN
      RETURN;
    END IF;
    PERFORM rx_v1.hold_part(p_run, p_part, p_epoch);
    UPDATE rx.part SET state = 'waiting', owner = NULL WHERE run = p_run AND part = p_part;
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
    DELETE FROM rx.flight f USING rx.job j
      WHERE j.run = p_run AND j.part = p_part AND f.run = j.run AND f.job_index = j.job_index;
    DELETE FROM rx.job WHERE run = p_run AND part = p_part;
    UPDATE rx.part SET state = 'done', owner = NULL, counts = p_counts, outcomes = p_outcomes
      WHERE run = p_run AND part = p_part;
    -- Of two parts that end at once, the later sees the other.
    PERFORM FROM rx.run WHERE id = p_run FOR UPDATE;
    UPDATE rx.run SET state = 'done' WHERE id = p_run AND state = 'running'
      AND NOT EXISTS (SELECT FROM rx.part WHERE run = p_run AND state <> 'done');
    DELETE FROM rx.prediction WHERE claimed_at < clock_timestamp() - interval '2 hours';
  END $$;
`;

/** The functions that hand parts to workers. */
export const PARTS = [TIMES, HOLD_PART, IS_PAST, TAKE, GIVE_BACK, FINISH].join('\n');
