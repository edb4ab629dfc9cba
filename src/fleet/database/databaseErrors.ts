import { messageOf, withoutStop } from '../../base/text.ts';
import { option, RxposureError, StorageError, UsageError } from '../../errors.ts';

/** A worker's part belongs to another one by now: drop it, and deliver nothing more of it. */
export function fenced(cause: unknown): StorageError {
  return new StorageError('ERR_FENCED', 'Another worker has taken this part of the run over.', {
    recoverable: true,
    suggestion: 'Nothing to do: the other worker finishes it. If it happens often, check the network.',
    cause,
  });
}

/** Codes that the functions of the schema raise, and PostgreSQL's of a schema that is not there. */
const codes = {
  fenced: 'RXF01',
  stale: 'RXS01',
  otherInput: 'RXI01',
  noSchema: '3F000',
  noFunction: '42883',
  noTable: '42P01',
  notAllowed: '42501',
  noDatabase: '3D000',
} as const;

/** Class of PostgreSQL's errors of a wrong user or password. */
const NOT_LOGGED_IN = /^28/;

/**
 * Classes and codes of PostgreSQL's errors after which the same call may succeed: connections (08),
 * conflicts of transactions (40), lack of resources (53), a server that stops or starts (57P), a
 * transaction that stood still for too long (25P03).
 */
const TRANSIENT = /^(?:08|40|53|57P|25P03)/;
/** Node's codes for a connection that was not made, or broke. */
const UNCONNECTED = /^(?:ECONN\w+|EPIPE|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/;
/** Words of the client, which gives these errors no code. */
const BROKEN =
  /^(?:Connection terminated|timeout expired|timeout exceeded|Query read timeout|Client has encountered)/;

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Returns true if the database could not be reached, or could not do its work just then. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  return TRANSIENT.test(code) || UNCONNECTED.test(code) || BROKEN.test(messageOf(error));
}

/** Returns the error of a call for people; a refusal of the part alone is `ERR_FENCED`. */
export function toDatabaseError(error: unknown): Error {
  if (error instanceof RxposureError) return error;
  const code = codeOf(error);
  const reason = withoutStop(messageOf(error));
  if (code === codes.fenced || code === codes.stale) return fenced(error);
  if (code === codes.otherInput) {
    return new UsageError(`The database has this run with another input: ${reason}.`, {
      suggestion: `Choose another folder with ${option('--out')}. Once that run is done, a run on one machine makes only new images.`,
      cause: error,
    });
  }
  if (code === codes.noSchema || code === codes.noFunction || code === codes.noTable) {
    return new UsageError(`The database has no tables of a fleet of this version: ${reason}.`, {
      suggestion: 'Start a run, a worker or `hooks` on this database first: it makes them.',
      cause: error,
    });
  }
  if (code === codes.notAllowed) {
    return new UsageError(`The user of the database may not do this: ${reason}.`, {
      suggestion:
        'Grant it the role rx_producer (for those who start and forget runs) or rx_worker (for workers, hooks and status).',
      cause: error,
    });
  }
  if (NOT_LOGGED_IN.test(code) || code === codes.noDatabase) {
    return new UsageError(`The database refuses the login with this address: ${reason}.`, {
      suggestion:
        'Correct user, password and database in the address: postgres://USER:PASSWORD@HOST/DATABASE.',
      cause: error,
    });
  }
  return new StorageError('ERR_DATABASE', `The database refused: ${reason}`, {
    recoverable: isTransient(error),
    suggestion: 'Check the database and its address, then run the same command again.',
    cause: error,
  });
}
