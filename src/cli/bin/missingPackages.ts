/** The part of `process` that is written. */
interface LoadHost {
  readonly stderr: { write(text: string): unknown };
  exitCode?: number | string | null | undefined;
}

/**
 * Resolves with the result of `load`. If a package is not installed, as in a clone before `npm
 * install`, writes which one and where to install it, sets the exit code 2, and resolves with null.
 * Imports nothing, so that it can report any package.
 */
export async function loadInstalled<T>(load: () => Promise<T>, host: LoadHost = process): Promise<T | null> {
  try {
    return await load();
  } catch (error) {
    const [, name] = /^Cannot find package '([^']+)'/.exec(error instanceof Error ? error.message : '') ?? [];
    if (name === undefined) throw error;
    const isClone = import.meta.url.endsWith('.ts');
    const folder = decodeURIComponent(new URL('../../..', import.meta.url).pathname).replace(/\/$/, '');
    const remedy = isClone ? `\`npm install\` in ${folder}` : `\`npm install ${name}\``;
    host.stderr.write(
      `error: The package ${name} is not installed.\nhint: Run ${remedy}, then this command again.\n`,
    );
    host.exitCode = 2;
    return null;
  }
}
