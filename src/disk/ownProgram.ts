import { fileURLToPath } from 'node:url';

/** True if the package runs as TypeScript, in a checkout; false as it is published. */
export const isSource = import.meta.url.endsWith('.ts');

/**
 * Returns the file of a module of this package that is started as a process of its own, such as
 * `cli/bin/rxposure`: an entry of the build, which puts all other modules into files elsewhere.
 */
export function ownProgram(module: string): string {
  const path = isSource ? `./src/${module}.ts` : `./dist/${module}.js`;
  return fileURLToPath(new URL(path, import.meta.resolve('rxposure/package.json')));
}

/** Returns true if this package can import another one, without loading it. */
export function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}
