/** Makes a folder with all above it, unless it is there. Loads fs-extra when the first is made. */
export async function ensureDir(path: string): Promise<void> {
  const { ensureDir: ensure } = await import('fs-extra/esm');
  await ensure(path);
}
