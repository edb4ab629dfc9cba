/**
 * The tables of a fleet. `rx.account` and `rx.part` order concurrent calls: every admission locks
 * the account, and every call of a worker shares a lock of its part, so that the next owner of a
 * part sees all that was done in it.
 *
 * Amounts are millionths of a US dollar, moments those of the database's clock. `run.reserved` is
 * the sum of its jobs' `open_micro_usd`, the money of attempts that may have made a prediction; for
 * jobs with an attempt of unknown outcome it stays reserved when their part is done.
 */
export const TABLES = `
  CREATE TABLE rx.account (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    per_minute double precision NOT NULL CHECK (per_minute > 0),
    burst integer NOT NULL CHECK (burst >= 1),
    slots integer NOT NULL CHECK (slots >= 1),
    tokens double precision NOT NULL,
    pace double precision NOT NULL,
    counted_at timestamptz NOT NULL,
    closed_at timestamptz,
    closed_until timestamptz
  );
  CREATE TABLE rx.run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    fingerprint text NOT NULL,
    settings jsonb NOT NULL,
    plan_format integer NOT NULL,
    limit_micro_usd bigint CHECK (limit_micro_usd >= 0),
    reserved_micro_usd bigint NOT NULL DEFAULT 0 CHECK (reserved_micro_usd >= 0),
    spent_micro_usd bigint NOT NULL DEFAULT 0 CHECK (spent_micro_usd >= 0),
    total integer NOT NULL,
    state text NOT NULL DEFAULT 'loading' CHECK (state IN ('loading', 'running', 'paused', 'done')),
    reason text,
    saved integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0,
    skipped integer NOT NULL DEFAULT 0,
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- When its command last let it go on.
    started_at timestamptz,
    -- When its command had all outcomes in its folder.
    imported_at timestamptz
  );
  CREATE TABLE rx.part (
    run bigint NOT NULL REFERENCES rx.run ON DELETE CASCADE,
    part integer NOT NULL,
    first_index integer NOT NULL,
    jobs integer NOT NULL,
    plans bytea NOT NULL,
    epoch integer NOT NULL DEFAULT 0,
    deaths integer NOT NULL DEFAULT 0,
    -- Jobs with an outcome when its last owner took it: more of them are progress.
    done_jobs integer NOT NULL DEFAULT 0,
    -- The job that runs alone, in a part whose owners have died; the one on which the last of them
    -- has, and how often in a row.
    suspect integer,
    last_suspect integer,
    suspect_deaths integer NOT NULL DEFAULT 0,
    owner text,
    -- The claim of the task by which its owner has it.
    claim text,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'taken', 'done')),
    -- Where its task is, or belongs once its run goes on, while it waits.
    queue text NOT NULL DEFAULT 'parts' CHECK (queue IN ('parts', 'rescue')),
    taken_at timestamptz,
    -- How often in a row workers have left it to others, and why.
    refusals integer NOT NULL DEFAULT 0,
    refusal text,
    outcomes bytea,
    PRIMARY KEY (run, part)
  );
  -- Packed by the producer already.
  ALTER TABLE rx.part ALTER plans SET STORAGE EXTERNAL, ALTER outcomes SET STORAGE EXTERNAL;
  CREATE TABLE rx.job (
    run bigint NOT NULL,
    job_index integer NOT NULL,
    part integer NOT NULL,
    seq integer NOT NULL,
    key text NOT NULL,
    state text NOT NULL,
    attempts integer NOT NULL,
    intended_at timestamptz,
    cancel_after_ms bigint,
    prediction_id text,
    request text,
    prediction text,
    files text NOT NULL,
    cost_micro_usd bigint NOT NULL,
    open_micro_usd bigint,
    paid_micro_usd bigint NOT NULL,
    -- JSON; null until the job has one.
    outcome text,
    PRIMARY KEY (run, job_index),
    FOREIGN KEY (run, part) REFERENCES rx.part ON DELETE CASCADE
  );
  CREATE INDEX job_of_part ON rx.job (run, part);
  CREATE TABLE rx.flight (
    run bigint NOT NULL,
    job_index integer NOT NULL,
    attempt integer NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (run, job_index)
  );
  CREATE TABLE rx.prediction (
    id text PRIMARY KEY,
    run bigint NOT NULL,
    job_index integer NOT NULL,
    attempt integer NOT NULL,
    claimed_at timestamptz NOT NULL DEFAULT clock_timestamp()
  );
  CREATE INDEX prediction_age ON rx.prediction (claimed_at);
`;

/**
 * The last line of defence of two promises, besides the functions that keep them: no reservation
 * exceeds a budget, and no slot is given twice.
 */
export const GUARDS = `
  CREATE FUNCTION rx.guard_budget() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF NEW.reserved_micro_usd + NEW.spent_micro_usd > NEW.limit_micro_usd THEN
      RAISE EXCEPTION 'run % would reserve and spend % + %, more than its budget of %', NEW.id,
        NEW.reserved_micro_usd, NEW.spent_micro_usd, NEW.limit_micro_usd USING ERRCODE = 'RXG01';
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER guard_budget BEFORE UPDATE ON rx.run FOR EACH ROW
    WHEN (NEW.reserved_micro_usd > OLD.reserved_micro_usd) EXECUTE FUNCTION rx.guard_budget();
  CREATE FUNCTION rx.guard_slots() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF (SELECT count(*) FROM rx.flight) > (SELECT slots FROM rx.account) THEN
      RAISE EXCEPTION 'more predictions in flight than slots' USING ERRCODE = 'RXG02';
    END IF;
    RETURN NULL;
  END $$;
  CREATE TRIGGER guard_slots
    AFTER INSERT ON rx.flight FOR EACH ROW EXECUTE FUNCTION rx.guard_slots();
`;
