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
/** The part of each body that always has room: more than enough for a prediction with its logs. */
const BLOCK_BYTES = 65_536;

/** Returns how many bytes all bodies may take together for one of so many bytes to be let in. */
function mostHeldBytes(bytes: number): number {
  if (bytes <= BLOCK_BYTES) return Number.POSITIVE_INFINITY;
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
    // Blocks instead of the chunks, each of which a sender could make a single byte.
    const blocks: Buffer[] = [];
    let bytes = 0;
    const nextBlock = (wanted: number): Buffer => {
      if (heldBytes + BLOCK_BYTES > mostHeldBytes(wanted)) throw new RefusedWebhook(503);
      heldBytes += BLOCK_BYTES;
      const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      blocks.push(block);
      return block;
    };
    const keep = (chunk: Buffer) => {
      if (bytes + chunk.length > maxBytes) throw new RefusedWebhook(413);
      for (let from = 0; from < chunk.length; ) {
        const used = bytes % BLOCK_BYTES;
        const block = (used === 0 ? undefined : blocks.at(-1)) ?? nextBlock(bytes + chunk.length);
        const copied = chunk.copy(block, used, from);
        from += copied;
        bytes += copied;
      }
    };
    try {
      // The stream stays open after a refusal, so that the response can be sent.
      for await (const chunk of body.iterator({ destroyOnReturn: false })) {
        keep(chunk);
        check?.update(chunk);
      }
      if (check?.matches() === false) throw new RefusedWebhook(401);
      return Buffer.concat(blocks, bytes);
    } finally {
      heldBytes -= blocks.length * BLOCK_BYTES;
    }
  };
}
