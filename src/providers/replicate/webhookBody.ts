import type { Readable } from 'node:stream';

/** A webhook that is refused while its body comes, with the status of the response. */
export class RefusedWebhook extends Error {
  readonly statusCode: number;

  constructor(statusCode: number) {
    super('The webhook is refused.');
    this.statusCode = statusCode;
  }
}

/** Takes the chunks of a body as they come, and tells at its end if it is genuine. */
interface BodyCheck {
  update(chunk: Buffer): void;
  matches(): boolean;
}

/** Reads the body of one webhook; rejects with `RefusedWebhook`. */
type ReadBody = (body: Readable, declaredBytes: number, check: BodyCheck | null) => Promise<Buffer>;

const MEGABYTE = 1_000_000;
/** A body up to this always has room: it has more than enough for a prediction with its logs. */
const SMALL_BYTES = 65_536;
const FIRST_BYTES = 16_384;

/** Returns how many bytes all bodies may take together for one of so many bytes to be let in. */
function mostHeldBytes(bytes: number): number {
  if (bytes <= SMALL_BYTES) return Number.POSITIVE_INFINITY;
  return bytes <= MEGABYTE ? 64 * MEGABYTE : 32 * MEGABYTE;
}

/**
 * Creates a reader of bodies that may come from anybody, because only the end of a body shows who
 * has sent it. All bodies together take at most 64 MB, besides 64 kB each; the larger a body is,
 * the sooner it has to give way. Refuses with 413 beyond `maxBytes`, with 503 if there is no room
 * (the service sends it again), and with 401 if the check fails.
 */
export function createBodyReader(maxBytes: number): ReadBody {
  let heldBytes = 0;
  return async (body, declaredBytes, check) => {
    if (declaredBytes > maxBytes) throw new RefusedWebhook(413);
    // One buffer instead of the chunks: a sender could make each of them a single byte.
    let buffer = Buffer.alloc(0);
    let bytes = 0;
    const makeRoom = (wanted: number) => {
      if (wanted > maxBytes) throw new RefusedWebhook(413);
      if (wanted <= buffer.length) return;
      const capacity = Math.min(maxBytes, Math.max(FIRST_BYTES, wanted, buffer.length * 2));
      const heldThen = heldBytes + capacity - buffer.length;
      if (heldThen > mostHeldBytes(wanted)) throw new RefusedWebhook(503);
      const larger = Buffer.allocUnsafeSlow(capacity);
      buffer.copy(larger);
      [buffer, heldBytes] = [larger, heldThen];
    };
    try {
      // The stream stays open after a refusal, so that the response can be sent.
      for await (const chunk of body.iterator({ destroyOnReturn: false })) {
        makeRoom(bytes + chunk.length);
        bytes += chunk.copy(buffer, bytes);
        check?.update(chunk);
      }
    } finally {
      heldBytes -= buffer.length;
    }
    if (check?.matches() === false) throw new RefusedWebhook(401);
    return buffer.subarray(0, bytes);
  };
}
