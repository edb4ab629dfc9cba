import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { maxTimerMs } from '../base/monotonicScheduler.ts';
import { isSource, ownProgram } from '../disk/ownProgram.ts';
import { RenderError } from '../errors.ts';
import type { Decoding, RawPixels } from './decodePixels.ts';

/** A request to the decoding process. */
export interface DecodeRequest extends Decoding {
  readonly path: string;
  /** Memory that the process may use, all in all. */
  readonly limitBytes: number;
}

/** The line that precedes the pixels, or states why there are none. */
export type DecodedHeader =
  | (Omit<RawPixels, 'data'> & { readonly bytes: number })
  | { readonly error: string }
  | { readonly limit: 'memory' };

/** Decodes images in a process of its own, which ends without harm to this one. */
export interface Decoder {
  /**
   * Decodes one image; await it before the next. Rejects with `RenderError`: `ERR_UNDECODABLE`,
   * `ERR_TOO_MUCH_MEMORY`, `ERR_DECODING_TIMEOUT`; with the reason of the signal if it is aborted.
   */
  decode(request: DecodeRequest, signal?: AbortSignal): Promise<RawPixels>;
}

interface DecoderConfig {
  /** Time for one image. Default 60,000. */
  timeoutMs?: number;
  /** Time without an image after which the process ends. Default 3,000. */
  idleMs?: number;
}

/** A running process, with the pipes that this one uses. */
interface Running {
  readonly child: ChildProcess;
  readonly input: Writable;
  readonly output: Readable;
}

/**
 * Creates a decoder. Its process starts with the first image, serves those that follow soon, and
 * never keeps this process from ending. It has neither the API token nor other secrets in its
 * environment.
 */
export function createDecoder({ timeoutMs = 60_000, idleMs = 3_000 }: DecoderConfig = {}): Decoder {
  let running: Running | null = null;
  let idle: NodeJS.Timeout | undefined;
  const end = () => {
    running?.child.kill('SIGKILL');
    running = null;
  };
  return {
    async decode(request, signal) {
      signal?.throwIfAborted();
      clearTimeout(idle);
      running ??= start();
      const used = running;
      let isLate = false;
      const timer = setTimeout(
        () => {
          isLate = true;
          end();
        },
        Math.min(timeoutMs, maxTimerMs),
      );
      signal?.addEventListener('abort', end);
      try {
        return await ask(used, request);
      } catch (error) {
        end();
        signal?.throwIfAborted();
        throw isLate ? tooSlow(request, timeoutMs) : error;
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        idle = setTimeout(end, idleMs).unref();
      }
    },
  };
}

function start(): Running {
  const { spawn } = process.getBuiltinModule('node:child_process');
  // Loaders of TypeScript take time, and newer versions of Node need none.
  const loaders = isSource && process.features.typescript === false ? process.execArgv : [];
  const child = spawn(
    process.execPath,
    [...loaders, '--max-semi-space-size=1', ownProgram('images/decoderProcess')],
    {
      stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
      env: harmlessEnvironment(process.env),
      // Ctrl-C in a terminal reaches all processes of a group; only the parent decides how to
      // react.
      detached: process.platform !== 'win32',
      windowsHide: true,
    },
  );
  const [input, , , output] = child.stdio;
  if (input === null || !(output !== null && output !== undefined && 'read' in output))
    throw new Error('Expected pipes');
  // A process that has ended closes its pipes; that shows below.
  input.on('error', () => {});
  output.on('error', () => {});
  child.on('error', () => output.destroy());
  child.unref();
  for (const pipe of [input, output]) if ('unref' in pipe && typeof pipe.unref === 'function') pipe.unref();
  return { child, input, output };
}

/** Returns an environment without secrets: a decoder of foreign files needs none. */
function harmlessEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const named = Object.entries(env).filter(([name]) => !/TOKEN|SECRET|PASSW|CREDENTIAL|KEY|AUTH/i.test(name));
  return Object.fromEntries(named);
}

/** Sends a request and reads its response. Rejects with `RenderError`. */
function ask({ child, input, output }: Running, request: DecodeRequest): Promise<RawPixels> {
  return new Promise((resolve, reject) => {
    let line: Buffer = Buffer.alloc(0);
    let pixels: RawPixels | null = null;
    let filled = 0;
    // While a response is due, this process waits for it.
    const timer = setInterval(() => {}, 1_000_000);
    const settle = (finish: () => void) => {
      clearInterval(timer);
      output.off('data', take);
      output.off('close', fail);
      finish();
    };
    const fail = () => {
      const failWith = () => settle(() => reject(ended(request, child)));
      // The pipe may close before it is known how the process ended.
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) failWith();
      else child.once('exit', failWith);
    };
    const fill = (into: RawPixels, bytes: Buffer) => {
      filled += bytes.copy(into.data, filled);
      if (filled === into.data.length) settle(() => resolve(into));
    };
    const take = (bytes: Buffer) => {
      if (pixels !== null) return fill(pixels, bytes);
      const end = bytes.indexOf('\n');
      line = Buffer.concat([line, end < 0 ? bytes : bytes.subarray(0, end)]);
      if (end < 0) return;
      const header: DecodedHeader = JSON.parse(line.toString());
      if ('bytes' in header) {
        const { bytes: length, ...size } = header;
        pixels = { ...size, data: Buffer.allocUnsafe(length) };
        fill(pixels, bytes.subarray(end + 1));
      } else settle(() => reject(refused(request, header)));
    };
    output.on('data', take);
    output.on('close', fail);
    if (output.destroyed) fail();
    else input.write(`${JSON.stringify(request)}\n`);
  });
}

const STAYS = 'The original stays on disk.';

function refused(
  { path, limitBytes }: DecodeRequest,
  header: { readonly error: string } | { readonly limit: 'memory' },
): RenderError {
  if ('limit' in header) return tooMuchMemory(path, `more than the ${inMegabytes(limitBytes)} it may have`);
  return undecodable(path, header.error);
}

function ended({ path }: DecodeRequest, { exitCode, signalCode, pid }: ChildProcess): RenderError {
  if (pid === undefined) return undecodable(path, 'no process for it could be started');
  // The system ends a process in this way if memory runs out.
  if (signalCode === 'SIGKILL') return tooMuchMemory(path, 'more than there is');
  return undecodable(path, `the decoder crashed (${signalCode ?? exitCode})`);
}

/** Creates the error for an image that is no complete image, or that libvips cannot decode. */
export function undecodable(path: string, reason: string, cause?: unknown): RenderError {
  return new RenderError('ERR_UNDECODABLE', `Cannot decode the image ${path}: ${reason}`, {
    suggestion: `${STAYS} Open it to see the output of the model.`,
    cause,
  });
}

/** Creates the error for an image that takes too much memory. */
export function tooMuchMemory(path: string, takes: string): RenderError {
  const message = `Decoding the image ${path} takes too much memory: ${takes}`;
  return new RenderError('ERR_TOO_MUCH_MEMORY', message, {
    suggestion: `${STAYS} Run the same command again with more memory, or with RXPOSURE_IMAGE_MB set higher.`,
  });
}

function tooSlow({ path }: DecodeRequest, timeoutMs: number): RenderError {
  const message = `Decoding the image ${path} takes more than ${timeoutMs / 1_000} s`;
  return new RenderError('ERR_DECODING_TIMEOUT', message, {
    suggestion: `${STAYS} Open it in another program.`,
  });
}

/** Formats an amount of memory: `0.2 MB`, `400 MB`, `4.6 GB`. */
export function inMegabytes(bytes: number): string {
  if (bytes < 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
