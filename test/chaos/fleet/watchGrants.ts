import pg from 'pg';

/** Learns of each grant at the moment of its commit, and of each change that exceeds a budget. */
export interface GrantWatch {
  /** Called with the process that has got the grant. */
  onGrant: (pid: number) => void;
  close(): Promise<void>;
}

/**
 * Lets the database tell of grants, and refuse each change of a run by which reserved and spent
 * money would exceed its budget, however it came about.
 */
export async function watchGrants(url: string): Promise<GrantWatch> {
  const client = new pg.Client({ connectionString: url });
  // The database is killed now and then.
  client.on('error', () => {});
  await client.connect();
  await client.query(`
    CREATE FUNCTION tell_grant() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_notify('granted', (SELECT p.owner FROM rx.part p JOIN rx.job j USING (run, part)
        WHERE j.run = NEW.run AND j.job_index = NEW.job_index));
      RETURN NULL;
    END $$;
    CREATE TRIGGER tell_grant AFTER INSERT OR UPDATE OF intended_at ON rx.job
      FOR EACH ROW WHEN (NEW.state = 'intended') EXECUTE FUNCTION tell_grant();
    CREATE FUNCTION expect_within() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.reserved_micro_usd + NEW.spent_micro_usd > NEW.limit_micro_usd THEN
        RAISE EXCEPTION 'over the budget';
      END IF;
      RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER expect_within AFTER UPDATE ON rx.run
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION expect_within();
  `);
  await client.query('LISTEN granted');
  const watch: GrantWatch = {
    onGrant: () => {},
    close: () => client.end().catch(() => {}),
  };
  client.on('notification', ({ payload = '' }) => watch.onGrant(Number(payload.split('/').at(-1))));
  return watch;
}
