import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import sharp from 'sharp';
import { RenderError, RxposureError } from '../../src/errors.ts';
import { decodeWhole } from '../../src/images/decodePixels.ts';
import { embedProvenance as embed } from '../../src/provenance/embedProvenance.ts';
import { xmpProperties } from '../../src/provenance/xmp.ts';
import { createDownloader } from '../../src/providers/downloads/downloader.ts';
import { createRenderer } from '../../src/renditions/renderer.ts';
import { readPixels } from '../../src/scoring/scorer.ts';
import { openThumbnails } from '../../src/sinks/gallery/thumbnails.ts';
import type { ImageFile } from '../../src/types.ts';
import { aProvenance } from '../helpers/aProvenance.ts';
import type { Mutant } from './mutate.ts';

/** The end of a mutant. */
export interface Verdict {
  /** `saved`, or the code of the error. */
  readonly end: string;
  /** Violated expectations. */
  readonly problems: readonly string[];
}

const rendition = {
  ...({ name: 'small', widthPx: 60, heightPx: 60, fit: 'cover', format: 'jpeg', quality: 80 } as const),
};
/** A larger image may not be decoded at all. */
const MOST_PIXELS = 10_000_000;
/** Far more than any of them takes. */
const HANGS_MS = 30_000;

/** Names under which a service gives its files. */
const EXTENSIONS: Readonly<Record<string, string>> = { jpeg: 'jpg', tif: 'tiff' };

/** Judges mutants by the steps of a run with an output; close it in the end. */
export interface Judge {
  judge(mutant: Mutant, number: number): Promise<Verdict>;
  close(): void;
}

/** Opens a judge: it downloads mutants from a server of its own, marks, decodes and rates them. */
export async function openJudge(folder: string): Promise<Judge> {
  let served: Buffer = Buffer.alloc(0);
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': served.length }).end(served);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const downloader = createDownloader({ isLocal: true });
  const renderer = createRenderer();
  const thumbnails = await openThumbnails(folder);
  const properties = xmpProperties(aProvenance());
  const embedProvenance = async (bytes: Buffer, format: string): Promise<Buffer> => {
    const result = embed(bytes, format, properties);
    return 'marked' in result ? result.marked : bytes;
  };

  /** Takes the steps of a run, with renditions or without. */
  const run = async ({ bytes, format }: Mutant, number: number): Promise<ImageFile> => {
    served = bytes;
    const url = `http://127.0.0.1:${port}/out-0.${EXTENSIONS[format] ?? format}`;
    const stem = join(folder, String(number));
    const file = await lastValueFrom(downloader.download(url, { stem, embedProvenance }));
    if (number % 2 === 0) await thumbnails.check(file);
    else await lastValueFrom(renderer.render(file, [rendition], stem));
    return file;
  };

  const judge = async (mutant: Mutant, number: number): Promise<Verdict> => {
    const problems: string[] = [];
    const late = new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`took more than ${HANGS_MS} ms`)), HANGS_MS).unref();
    });
    let end = 'saved';
    try {
      const file = await Promise.race([run(mutant, number), late]);
      if (mutant.isCut) problems.push('a cut file was called whole');
      if (!(await decodes(file))) problems.push('a file that cannot be decoded was called whole');
      await readPixels({ path: file.path, prompt: '', index: number }).catch((error: unknown) => {
        if (!isRefused(error)) problems.push(`a file that cannot be rated was called whole: ${error}`);
      });
      await rm(file.path, { force: true });
    } catch (error) {
      end = error instanceof RxposureError ? error.code : 'ERR_INTERNAL';
      if (!(error instanceof RxposureError)) problems.push(String(error));
    }
    return { end, problems: problems.map((problem) => `#${number} ${mutant.name}: ${problem}`) };
  };
  return {
    judge,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** An image that takes too much memory is saved, if no rendition of it is asked for. */
function isRefused(error: unknown): boolean {
  return (
    error instanceof Error && error.cause instanceof RenderError && error.cause.code !== 'ERR_UNDECODABLE'
  );
}

/** Decodes a saved image in full, as an independent check. A drawing may take any time. */
async function decodes({ path, format, widthPx, heightPx }: ImageFile): Promise<boolean> {
  if (format === 'svg' || (widthPx ?? 0) * (heightPx ?? 0) > MOST_PIXELS) return true;
  const bytes = await readFile(path);
  return decodeWhole({ failOn: 'error' }, format, (options) => sharp(bytes, options).raw().toBuffer()).then(
    () => true,
    () => false,
  );
}
