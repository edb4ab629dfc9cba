/** The oldest Node that the project supports: it has `node:sqlite` without a flag. */
const OLDEST = [22, 13];

/** The part of `process` that is read and written. */
interface VersionHost {
  readonly versions: { readonly node: string };
  readonly stderr: { write(text: string): unknown };
  exitCode?: number | string | null | undefined;
}

/**
 * Returns true if this Node can run the project. Otherwise writes a line with the version found,
 * and sets the exit code 2. Imports nothing, and neither must its callers: an old Node cannot
 * parse the rest.
 */
export function acceptsNode(host: VersionHost): boolean {
  const [major = 0, minor = 0] = host.versions.node.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return true;
  host.stderr.write(
    `error: Expected Node ${OLDEST.join('.')} or later, got ${host.versions.node}. Install a newer one from https://nodejs.org.\n`,
  );
  host.exitCode = 2;
  return false;
}
