import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The names of a config, of which a folder may have one. */
export const configNames = ['yaml', 'yml', 'json', 'ts'].map((end) => `rxposure.config.${end}`);

/** Returns the config that counts in a folder: its own, else that of the nearest folder above. */
export function findConfig(folder: string): string | null {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const path = configNames.map((name) => join(at, name)).find((one) => existsSync(one));
    if (path !== undefined) return path;
    if (dirname(at) === at) return null;
  }
}
