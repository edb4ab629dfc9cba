import type { Multipart } from '@fastify/multipart';
import type { Upload } from '../createUploads.ts';

const LONGEST_NAME_BYTES = 255;

type UploadParts = Pick<Upload, 'name' | 'contentType' | 'content' | 'metadata'>;

/** The parts `content` and `metadata` of an upload, or what is wrong with them. */
export async function readUpload(parts: AsyncIterable<Multipart>): Promise<UploadParts | string> {
  let file: Omit<UploadParts, 'metadata'> | null = null;
  let metadata: unknown = {};
  for await (const part of parts) {
    const content = part.type === 'file' ? await part.toBuffer() : Buffer.from(String(part.value));
    if (part.fieldname === 'content' && part.type === 'file') {
      file = { name: part.filename, contentType: part.mimetype, content };
    }
    if (part.fieldname === 'metadata') metadata = jsonOf(content);
  }
  if (file === null) return 'Missing content';
  if (metadata === undefined) return 'Expected metadata to be valid JSON';
  const isTooLong = Buffer.byteLength(file.name) > LONGEST_NAME_BYTES;
  return isTooLong ? 'Expected a filename of at most 255 bytes' : { ...file, metadata };
}

function jsonOf(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString());
  } catch {
    return undefined;
  }
}
