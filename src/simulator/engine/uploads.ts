import { createHash, randomUUID } from 'node:crypto';

/** An uploaded input file. */
export interface Upload {
  /** Base64 of a UUID. */
  readonly id: string;
  readonly name: string;
  readonly contentType: string;
  readonly content: Buffer;
  readonly metadata: unknown;
  /** In hex. */
  readonly checksums: { readonly sha256: string; readonly md5: string };
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

/** Uploaded files, stored in memory until they expire. */
export interface Uploads {
  add(file: Pick<Upload, 'name' | 'contentType' | 'content' | 'metadata'>): Upload;
  get(id: string): Upload | undefined;
  /** Newest first. */
  all(): readonly Upload[];
  /** Returns true if there was such a file. */
  delete(id: string): boolean;
}

const LIFETIME_MS = 24 * 3_600_000;

/** Creates an empty store; each file expires 24 hours after its upload. */
export function createUploads(): Uploads {
  const files = new Map<string, Upload>();
  const dropExpired = (): void => {
    for (const [id, { expiresAtMs }] of files) {
      // Insertion is in order of time: the files after this one are younger.
      if (expiresAtMs > Date.now()) return;
      files.delete(id);
    }
  };
  return {
    add(file) {
      const createdAtMs = Date.now();
      const upload = {
        ...file,
        id: Buffer.from(randomUUID()).toString('base64url'),
        checksums: { sha256: hashOf('sha256', file.content), md5: hashOf('md5', file.content) },
        createdAtMs,
        expiresAtMs: createdAtMs + LIFETIME_MS,
      };
      dropExpired();
      files.set(upload.id, upload);
      return upload;
    },
    get(id) {
      dropExpired();
      return files.get(id);
    },
    all() {
      dropExpired();
      return [...files.values()].reverse();
    },
    delete: (id) => files.delete(id),
  };
}

function hashOf(algorithm: 'sha256' | 'md5', content: Buffer): string {
  return createHash(algorithm).update(content).digest('hex');
}
