/**
 * Sets the limits of the account. A first call opens it; a later one changes the limits that were
 * given, and leaves jobs in flight as they are. A pace that refusals have lowered stays as low.
 */
const ACCOUNT = `
  CREATE FUNCTION rx_v1.set_account(
    p_per_minute double precision, p_burst integer, p_slots integer,
    p_has_rate boolean DEFAULT true, p_has_slots boolean DEFAULT true
  ) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    INSERT INTO rx.account (per_minute, burst, slots, tokens, pace, counted_at)
      VALUES (p_per_minute, p_burst, p_slots, p_burst, p_per_minute, clock_timestamp())
      ON CONFLICT (only_row) DO NOTHING;
    IF FOUND THEN
      RETURN;
    END IF;
    UPDATE rx.account SET slots = p_slots WHERE p_has_slots;
    UPDATE rx.account SET per_minute = p_per_minute, burst = p_burst, tokens = least(tokens, p_burst),
        pace = CASE WHEN pace >= per_minute THEN p_per_minute ELSE least(pace, p_per_minute) END
      WHERE p_has_rate;
  END $$;
`;

/**
 * Opens a run by its name, or finds it: the same input resumes it, another one is refused. New
 * settings and a new limit count from now on, the limit also if more is spent already; without one,
 * that of before stays.
 */
const OPEN_RUN = `
  CREATE FUNCTION rx_v1.open_run(
    p_name text, p_fingerprint text, p_settings jsonb, p_plan_format integer, p_limit bigint, p_total integer,
    OUT run bigint, OUT state text, OUT parts integer
  ) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE
    known rx.run;
  BEGIN
    INSERT INTO rx.run (name, fingerprint, settings, plan_format, limit_micro_usd, total)
      VALUES (p_name, p_fingerprint, p_settings, p_plan_format, p_limit, p_total)
      ON CONFLICT (name) DO UPDATE SET
        limit_micro_usd = coalesce(excluded.limit_micro_usd, rx.run.limit_micro_usd), settings = excluded.settings
        WHERE rx.run.fingerprint = excluded.fingerprint
      RETURNING * INTO known;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'run % has another input', p_name USING ERRCODE = 'RXI01';
    END IF;
    run := known.id;
    state := known.state;
    SELECT count(*) INTO parts FROM rx.part p WHERE p.run = known.id;
  END $$;
`;

const LOAD = `
  CREATE FUNCTION rx_v1.load(p_run bigint, p_part integer, p_first integer, p_jobs integer, p_plans bytea)
  RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO rx.part (run, part, first_index, jobs, plans) VALUES (p_run, p_part, p_first, p_jobs, p_plans)
      ON CONFLICT DO NOTHING;
  $$;
`;

/**
 * Starts a run once its parts are loaded, resumes one that was paused; or pauses it, because the
 * service refuses everything of it. A refusal of a request that was granted before the run was last
 * resumed does not pause it again: its cause may be over. `pause` returns true if it waits.
 */
const STATES = `
  CREATE FUNCTION rx_v1.start(p_run bigint) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE rx.run SET reason = NULL, started_at = clock_timestamp(), state =
        CASE WHEN EXISTS (SELECT FROM rx.part WHERE run = p_run AND state <> 'done') THEN 'running' ELSE 'done' END
      WHERE id = p_run AND state IN ('loading', 'paused');
  $$;
  CREATE FUNCTION rx_v1.pause(p_run bigint, p_reason text, p_granted_at_ms double precision DEFAULT NULL)
  RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE rx.run SET state = 'paused', reason = p_reason WHERE id = p_run AND state = 'running'
      AND (p_granted_at_ms IS NULL OR started_at IS NULL OR p_granted_at_ms >= rx_v1.epoch_ms(started_at));
    SELECT coalesce((SELECT state = 'paused' FROM rx.run WHERE id = p_run), false);
  $$;
  CREATE FUNCTION rx_v1.imported(p_run bigint) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE rx.run SET imported_at = clock_timestamp() WHERE id = p_run AND state = 'done';
  $$;
  CREATE FUNCTION rx_v1.forget(p_run bigint) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    -- Parts before their run, as workers do.
    PERFORM FROM rx.part WHERE run = p_run ORDER BY part FOR UPDATE;
    DELETE FROM rx.webhook w USING rx.prediction c WHERE c.run = p_run AND w.prediction_id = c.id;
    DELETE FROM rx.run WHERE id = p_run;
  END $$;
`;

/** The functions that producers open, load and end runs with. */
export const RUNS = [ACCOUNT, OPEN_RUN, LOAD, STATES].join('\n');
