/**
 * What the service reports by itself, for as long as a worker may want it. A hint, never a promise,
 * so it need not be flushed. The notification names the prediction, as its body may be too long.
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
