import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { fromAbortable } from '../../base/fromAbortable.ts';
import {
  expectOption,
  expectOptions,
  having,
  isText,
  type OptionRules,
  optionRules,
} from '../../base/options.ts';
import { contentTypeOf } from '../../base/pictures.ts';
import { insideFolder } from '../../disk/insideFolder.ts';
import { prettyJson } from '../../disk/writeFiles.ts';
import { DeliveryError } from '../../errors.ts';
import type { Destination } from '../../ports.ts';
import type { Outcome, OutcomeFile } from '../../types.ts';
import { sidecarPath } from '../manifest/sidecar.ts';
import { parseS3Url } from './s3Address.ts';
import { loadS3, MULTIPART_BYTES, reasonOf, unusable } from './s3Client.ts';
import type { S3Config } from './s3Config.ts';

const rules: OptionRules<S3Config> = {
  endpoint: optionRules.text,
  region: optionRules.text,
  credentials: { ...having('a key and its secret', 'accessKeyId', 'secretAccessKey'), isSecret: true },
  concurrency: optionRules.count,
  maxAttempts: optionRules.count,
};

/**
 * Opens an S3-compatible bucket, `s3://bucket/prefix`, as a destination. Objects have the same
 * paths as in the run folder, sidecars included. Uploads up to 16 MiB carry the sha256 of the
 * manifest, so the service refuses data that was corrupted on the way, unless the SDK's own
 * settings forbid checksums. Uploading an object again replaces it. Encryption on the server is
 * asked for in the URL: `s3://bucket/prefix?sse=AES256`.
 *
 * Uploads `run.json` as a trial, so that nothing is paid for images that the bucket would refuse.
 * Rejects with `UsageError` if it does, if the URL is invalid, if the SDK is not installed, and
 * for a name that no option has; with a RangeError if an option is invalid.
 */
export async function openS3(url: string, folder: string, config: S3Config = {}): Promise<Destination> {
  expectOption(isText(folder), 'folder', 'a path', folder);
  expectOptions(config, rules);
  const { bucket, prefix, encryption } = parseS3Url(url);
  const { client, HeadBucketCommand, PutObjectCommand, Upload } = await loadS3(config);
  // Some stores refuse the headers; `AWS_REQUEST_CHECKSUM_CALCULATION` and profiles say so.
  const sendsChecksums = (await client.config.requestChecksumCalculation()) !== 'WHEN_REQUIRED';
  const keyOf = (path: string) => posix.join(prefix, path);
  const put = async (
    path: string,
    body: Uint8Array,
    sha256: string | null,
    type: string,
    signal: AbortSignal,
  ) => {
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: keyOf(path),
        Body: body,
        ContentLength: body.length,
        ContentType: type,
        ...encryption,
        ...(sha256 === null || !sendsChecksums
          ? {}
          : { ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64') }),
      }),
      { abortSignal: signal },
    );
  };
  const upload = async (file: OutcomeFile, signal: AbortSignal): Promise<string> => {
    const { path, bytes, sha256, format } = file;
    const type = contentTypeOf(format);
    const source = insideFolder(folder, path);
    if (bytes <= MULTIPART_BYTES) await put(path, await readFile(source), sha256, type, signal);
    else {
      const parts = new Upload({
        client,
        params: {
          Bucket: bucket,
          Key: keyOf(path),
          Body: createReadStream(source),
          ContentType: type,
          ...encryption,
          ...(sendsChecksums ? { ChecksumAlgorithm: 'SHA256' } : {}),
        },
      });
      signal.addEventListener('abort', () => void parts.abort());
      await parts.done();
    }
    return `s3://${bucket}/${keyOf(path)}`;
  };
  const tryOut = async (): Promise<void> => {
    const content = await readFile(join(folder, RUN_FILE)).catch(() => null);
    // Some credentials may put objects, but not look at the bucket.
    if (content === null) await client.send(new HeadBucketCommand({ Bucket: bucket }));
    else await put(RUN_FILE, content, null, 'application/json', new AbortController().signal);
  };
  await tryOut().catch(async (cause: unknown) => {
    const reason = await reasonOf(cause, client);
    client.destroy();
    throw unusable(bucket, reason, cause);
  });
  const deliver = async (outcome: Outcome, signal: AbortSignal): Promise<readonly string[]> => {
    const addresses: string[] = [];
    for (const file of outcome.files) addresses.push(await upload(file, signal));
    const [first] = outcome.files;
    if (first !== undefined) {
      const sidecar = Buffer.from(prettyJson(outcome));
      await put(sidecarPath(first.path), sidecar, null, 'application/json', signal);
    }
    return addresses;
  };
  return {
    name: url.replace(/\?.*$/, '').replace(/\/+$/, ''),
    concurrency: config.concurrency ?? 8,
    deliver: (outcome) =>
      fromAbortable(async (signal) => {
        try {
          return await deliver(outcome, signal);
        } catch (cause) {
          throw undelivered(url, outcome, await reasonOf(cause, client), cause);
        }
      }),
    close: async () => client.destroy(),
  };
}

/** The file of a run folder that names the owner of the folder. */
const RUN_FILE = 'run.json';

function undelivered(url: string, { index }: Outcome, reason: string, cause: unknown): DeliveryError {
  return new DeliveryError(`Cannot deliver image #${index + 1} to ${url}: ${reason}`, {
    destination: url,
    recoverable: true,
    suggestion: 'Run the same command again: it uploads the image from the disk, without making it again.',
    cause,
  });
}
