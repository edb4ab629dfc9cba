import { Readable } from 'node:stream';
import type { Machine } from '../world/machine.ts';
import type { WorldConfig } from '../world/worldConfig.ts';
import { contentOf } from './outputs.ts';
import { KEPT_MS, type Made, type Service } from './service.ts';

/** The host of output files, in place of the HTTP client that downloads them. */
export interface FileHost {
  stream(url: string, options: { readonly signal: AbortSignal }): Readable;
}

let current: FileHost | null = null;

export function useFileHost(host: FileHost | null): void {
  current = host;
}

/** The value of `import('got')` in a simulated world: as much of it as the downloader uses. */
export default {
  stream(url: string, options: { readonly signal: AbortSignal }): Readable {
    if (current === null) throw new Error('No world is running');
    return current.stream(url, options);
  },
};

export function createFileHost(machine: Machine, service: Service, config: WorldConfig): FileHost {
  const { timeline, chance } = machine;
  return {
    stream(url, { signal }) {
      const source = new Readable({ read() {} });
      signal.addEventListener('abort', () => source.destroy(signal.reason), { once: true });
      try {
        machine.contact();
      } catch {
        return source;
      }
      const { process } = machine;
      const [, id = '', output = '0'] = /delivery\/(\w+)\/out-(\d+)/.exec(url) ?? [];
      const after = (ms: number, then: () => void) => timeline.after(ms, process, then);
      after(chance.between('file.ms', 2, 80), () => {
        if (source.destroyed) return;
        const found = service.find(id);
        const fault = chance.strikes('file.fault', config.faults.download);
        const way = chance.whole('file.way', 0, 2);
        const isThere = found !== undefined && isKept(found, timeline.nowMs);
        if (!isThere || (fault && way === 0)) {
          const statusCode = isThere ? 503 : 404;
          source.emit('response', { statusCode, headers: {} });
          return;
        }
        const content = contentOf(id, Number(output), config.outputKind);
        source.emit('response', { statusCode: 200, headers: { 'content-length': String(content.length) } });
        after(chance.between('file.bytesMs', 1, 200), () => {
          if (source.destroyed) return;
          const cutAt = chance.whole('file.cutAt', 0, content.length - 1);
          source.push(fault ? content.subarray(0, cutAt) : content);
          if (fault && way === 1) source.destroy(reset());
          else source.push(null);
        });
      });
      return source;
    },
  };
}

function isKept({ end, endMs }: Made, nowMs: number): boolean {
  return end === 'succeeded' && nowMs >= endMs && nowMs < endMs + KEPT_MS;
}

function reset(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' });
}
