import { Observable } from 'rxjs';
import { addressOf, keptAlive } from './connection.ts';

export interface ListenConfig {
  /** Address of the database. */
  url: string;
  channel: string;
  /** Name of this process for the database's own views. */
  name: string;
}

/**
 * Listens to the notifications of a channel over a connection of its own, until you unsubscribe.
 * Emits null once it listens: earlier notifications are missed; then the payloads. Emits
 * PostgreSQL's error if there is no connection, or it breaks.
 *
 *     NOTIFY channel, 'a'    ---a---
 *     listen                 -n-a---#    n: null, it listens; #: the connection broke
 */
export function listen({ url, channel, name }: ListenConfig): Observable<string | null> {
  return new Observable((subscriber) => {
    const opening = import('pg').then(async ({ default: pg }) => {
      const client = new pg.Client({
        connectionString: addressOf(url),
        application_name: name,
        connectionTimeoutMillis: 5_000,
        ...keptAlive,
      });
      client.on('error', (error) => subscriber.error(error));
      client.on('end', () => subscriber.error(new Error('Connection terminated')));
      client.on('notification', ({ payload = '' }) => subscriber.next(payload));
      const end = () => client.end();
      try {
        await client.connect();
        await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
      } catch (error) {
        // Not awaited: a connection that has broken may never report its end.
        void end().catch(() => {});
        throw error;
      }
      subscriber.next(null);
      return end;
    });
    opening.catch((error: unknown) => subscriber.error(error));
    return () => {
      // After an unsubscribe, no subscriber is left to receive an error.
      void opening.then((end) => end()).catch(() => {});
    };
  });
}
