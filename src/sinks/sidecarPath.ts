/** Where the sidecar of an original is: `cat.json` for `cat.png`, `cat.sidecar.json` for `cat.json`, which is an output itself. */
export function sidecarPath(path: string): string {
  if (path.endsWith('.json')) return path.replace(/\.json$/, '.sidecar.json');
  return `${path.replace(/\.[^./]+$/, '')}.json`;
}
