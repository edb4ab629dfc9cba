import { UsageError } from '../../errors.ts';

/** Signing is for some runs only, so what it takes are optional peer dependencies that are loaded here alone. */
export async function loadC2pa() {
  try {
    const [x509, asset, cose, manifest] = await Promise.all([
      import('@peculiar/x509'),
      import('@trustnxt/c2pa-ts/asset'),
      import('@trustnxt/c2pa-ts/cose'),
      import('@trustnxt/c2pa-ts/manifest'),
    ]);
    return { x509, asset, cose, manifest };
  } catch (cause) {
    throw new UsageError('Expected c2pa-ts to be installed for signing pictures, but it is not', {
      suggestion: 'Run: npm install @trustnxt/c2pa-ts @peculiar/x509',
      cause,
    });
  }
}
