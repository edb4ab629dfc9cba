/**
 * Counts the tokens of the account up to now, and lets its pace grow back by a tenth of its most a
 * minute. The caller has locked the row.
 *
 * The bucket is `createTokenBucket`'s: a burst of b refills at `pace - (b - 1)` a minute, so that
 * no window of a minute has more than the pace.
 */
const COUNT_TOKENS = `
  CREATE FUNCTION rx_v1.count_tokens(a rx.account, now timestamptz) RETURNS rx.account
  LANGUAGE plpgsql AS $$
  DECLARE
    minutes double precision := greatest(0, extract(epoch FROM now - a.counted_at) / 60);
  BEGIN
    a.tokens := least(a.burst, a.tokens + minutes * rx_v1.refill(a));
    a.pace := least(a.per_minute, a.pace + minutes * a.per_minute / 10);
    a.counted_at := greatest(a.counted_at, now);
    RETURN a;
  END $$;
  CREATE FUNCTION rx_v1.refill(a rx.account) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT greatest(a.pace - (a.burst - 1), a.pace / a.burst)
  $$;
`;

/**
 * Admits a create request: the job is still the caller's, a slot is free, the pace allows it, there
 * is money, and the intent is stored, or none of it. A job that has a slot or held money keeps it
 * and takes a token only. `p_seq` numbers the entries of a job: an older one changes nothing.
 *
 * Returns `granted` with the moment, `wait` with the time to wait and its reason, `budget`, or
 * `paused`. Locks the account, then the part, the job, the run and the slot, as all functions do.
 */
const BEGIN = `
  CREATE FUNCTION rx_v1.begin(
    p_run bigint, p_part integer, p_epoch integer, p_index integer, p_seq integer, p_attempt integer,
    p_key text, p_price bigint, p_request text, p_cancel_after_ms bigint, p_hold_ms bigint,
    OUT verdict text, OUT at_ms double precision, OUT wait_ms integer, OUT reason text
  ) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE
    a rx.account;
    j rx.job;
    r rx.run;
    now timestamptz;
    more bigint;
    has_slot boolean;
  BEGIN
    SELECT * INTO STRICT a FROM rx.account FOR UPDATE;
    PERFORM rx_v1.hold_part(p_run, p_part, p_epoch);
    SELECT * INTO j FROM rx.job WHERE run = p_run AND job_index = p_index FOR UPDATE;
    IF FOUND AND (p_seq < j.seq OR p_seq = j.seq AND (j.state <> 'intended' OR j.prediction_id IS NOT NULL)) THEN
      RAISE EXCEPTION 'entry % of job % is older than entry %', p_seq, p_index, j.seq USING ERRCODE = 'RXS01';
    END IF;
    SELECT * INTO STRICT r FROM rx.run WHERE id = p_run FOR UPDATE;
    now := clock_timestamp();
    IF r.state = 'paused' THEN
      verdict := 'paused'; reason := r.reason;
      RETURN;
    END IF;
    IF a.closed_until > now THEN
      verdict := 'wait'; reason := 'closed'; wait_ms := rx_v1.ms(a.closed_until - now);
      RETURN;
    END IF;
    more := coalesce(p_price, 0) - coalesce(j.open_micro_usd, 0);
    IF r.limit_micro_usd IS NOT NULL
       AND (p_price IS NULL OR more > 0 AND r.reserved_micro_usd + r.spent_micro_usd + more > r.limit_micro_usd) THEN
      verdict := 'budget';
      RETURN;
    END IF;
    -- Past this moment the service has ended the prediction, if there is one.
    DELETE FROM rx.flight WHERE (run, job_index) IN (
      SELECT run, job_index FROM rx.flight WHERE until < now FOR UPDATE SKIP LOCKED);
    has_slot := EXISTS (SELECT FROM rx.flight WHERE run = p_run AND job_index = p_index);
    IF NOT has_slot AND (SELECT count(*) FROM rx.flight) >= a.slots THEN
      verdict := 'wait'; reason := 'slots'; wait_ms := 250;
      RETURN;
    END IF;
    a := rx_v1.count_tokens(a, now);
    IF a.tokens < 1 - 1e-9 THEN
      verdict := 'wait'; reason := 'rate'; wait_ms := ceil((1 - a.tokens) / rx_v1.refill(a) * 60000);
      RETURN;
    END IF;
    UPDATE rx.account SET tokens = a.tokens - 1, pace = a.pace, counted_at = a.counted_at;
    INSERT INTO rx.flight VALUES (p_run, p_index, p_attempt, now, now + rx_v1.span(p_hold_ms))
      ON CONFLICT (run, job_index) DO UPDATE SET attempt = excluded.attempt, until = excluded.until;
    INSERT INTO rx.job VALUES (p_run, p_index, p_part, p_seq, p_key, 'intended', p_attempt, now,
        p_cancel_after_ms, NULL, p_request, NULL, '[]', 0, coalesce(p_price, 0), 0, NULL)
      ON CONFLICT (run, job_index) DO UPDATE SET seq = excluded.seq, state = 'intended',
        attempts = greatest(rx.job.attempts, excluded.attempts), intended_at = excluded.intended_at,
        cancel_after_ms = excluded.cancel_after_ms, prediction_id = NULL, request = excluded.request,
        prediction = NULL, files = '[]', open_micro_usd = excluded.open_micro_usd, outcome = NULL;
    UPDATE rx.run SET reserved_micro_usd = reserved_micro_usd + more WHERE id = p_run AND more <> 0;
    verdict := 'granted'; at_ms := rx_v1.epoch_ms(now);
  END $$;
`;

/**
 * Frees the slot of an attempt whose prediction is final; a slot lost twice is no harm, so it need
 * not be flushed.
 */
const RELEASE = `
  CREATE FUNCTION rx_v1.release(p_run bigint, p_index integer, p_attempt integer) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    -- Until the transaction ends: a SET of the function would end with it, before the commit.
    PERFORM set_config('synchronous_commit', 'off', true);
    DELETE FROM rx.flight WHERE run = p_run AND job_index = p_index AND attempt = p_attempt;
  END $$;
`;

/**
 * Notes the service's response to a create request that was granted at a moment: it has room for so
 * many more, or it refused and asks to wait. The first refusal after a closure halves the pace;
 * those of requests from before it do not.
 */
const TOLD = `
  CREATE FUNCTION rx_v1.told(p_granted_at_ms double precision, p_remaining integer, p_wait_ms bigint)
  RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE
    a rx.account;
    now timestamptz;
  BEGIN
    SELECT * INTO STRICT a FROM rx.account FOR UPDATE;
    now := clock_timestamp();
    a := rx_v1.count_tokens(a, now);
    IF p_remaining IS NOT NULL THEN
      a.tokens := least(a.tokens, p_remaining);
    END IF;
    IF p_wait_ms IS NOT NULL THEN
      IF a.closed_at IS NULL OR p_granted_at_ms > rx_v1.epoch_ms(a.closed_at) THEN
        a.pace := greatest(a.pace / 2, least(a.per_minute, 1));
        a.closed_at := now;
      END IF;
      a.tokens := least(a.tokens, 1);
      a.closed_until := greatest(a.closed_until, now + rx_v1.span(p_wait_ms));
    END IF;
    UPDATE rx.account SET tokens = a.tokens, pace = a.pace, counted_at = a.counted_at,
      closed_at = a.closed_at, closed_until = a.closed_until;
  END $$;
`;

/** The functions that decide on create requests, for the whole account. */
export const ADMISSION = [COUNT_TOKENS, BEGIN, RELEASE, TOLD].join('\n');
