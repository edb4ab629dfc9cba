/** Functions that workers may call: all that happens to a job. */
const OF_WORKERS = [
  'take',
  'mark',
  'begin',
  'claim',
  'note',
  'release',
  'told',
  'finish',
  'give_back',
  'pause',
];
/** Functions that producers may call besides. */
const OF_PRODUCERS = ['set_account', 'open_run', 'load', 'start', 'imported', 'forget'];

/** Roles belong to all databases of a server: another one may make them at the same time. */
function role(name: string): string {
  return `
    DO $$ BEGIN
      CREATE ROLE ${name} NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;
    END $$;`;
}

function grants(functions: readonly string[], to: string): string {
  const list = functions.map((name) => `'${name}'`).join(', ');
  return `
    DO $$ DECLARE f regprocedure; BEGIN
      FOR f IN SELECT oid FROM pg_proc
          WHERE pronamespace = 'rx_v1'::regnamespace AND proname IN (${list}) LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO ${to}', f);
      END LOOP;
    END $$;`;
}

/**
 * Two roles, for you to grant to your own: `rx_worker` may call the functions of workers and read,
 * `rx_producer` also those that open and load runs. No other role may do either.
 */
export const ROLES = [
  role('rx_worker'),
  role('rx_producer'),
  'REVOKE ALL ON SCHEMA rx, rx_v1 FROM PUBLIC;',
  'REVOKE ALL ON ALL FUNCTIONS IN SCHEMA rx_v1 FROM PUBLIC;',
  'GRANT USAGE ON SCHEMA rx, rx_v1 TO rx_worker, rx_producer;',
  'GRANT SELECT ON ALL TABLES IN SCHEMA rx TO rx_worker, rx_producer;',
  grants(OF_WORKERS, 'rx_worker, rx_producer'),
  grants(OF_PRODUCERS, 'rx_producer'),
].join('\n');
