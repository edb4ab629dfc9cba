import { randomUUID } from 'node:crypto';
import { claimGenerator } from '../claimGenerator.ts';
import { loadC2pa } from './loadC2pa.ts';
import { readIdentity } from './readIdentity.ts';
import type { SigningIdentity } from './SigningIdentity.ts';

/**
 * Signs the file of a picture that a model made: takes its bytes, its format (as `ImageFile` has it) and the model, and gives the
 * bytes with the manifest; the same ones where the format cannot be signed.
 */
export type PictureSigner = (bytes: Buffer, format: string, model: string) => Promise<Buffer>;

export interface PictureSignerConfig {
  /** When certificates have to be valid, ms since 1970. Default: now. */
  nowMs?: number;
}

const HASH = 'SHA-256';

/**
 * Makes a signer of JPEGs and PNGs: each gets a C2PA manifest (https://spec.c2pa.org) that says that a trained model made it, and
 * which, bound to the file's bytes. It takes some milliseconds and about 27 kB. Signed last: any change makes it worthless.
 *
 * Rejects with `UsageError` where certificates and key cannot be used, or `@trustnxt/c2pa-ts` is not installed.
 */
export async function createPictureSigner(
  identity: SigningIdentity,
  { nowMs = Date.now() }: PictureSignerConfig = {},
): Promise<PictureSigner> {
  const { certificates, privateKey, algorithm } = readIdentity(identity, nowMs);
  const { x509, asset, cose, manifest } = await loadC2pa();
  const [own, ...others] = certificates.map((der) => new x509.X509Certificate(new Uint8Array(der)));
  if (own === undefined) throw new RangeError('Expected a certificate');
  const signer = new cose.LocalSigner(privateKey, cose.CoseAlgorithmIdentifier[algorithm], own, others);
  return async (bytes, format, model) => {
    if (format !== 'jpeg' && format !== 'png') return bytes;
    const picture = format === 'jpeg' ? new asset.JPEG(bytes) : new asset.PNG(bytes);
    const store = new manifest.ManifestStore();
    const made = store.createManifest({
      claimVersion: manifest.ClaimVersion.V2,
      assetFormat: picture.mimeType,
      instanceID: `xmp:iid:${randomUUID()}`,
      defaultHashAlgorithm: HASH,
      signer,
    });
    // The library puts itself there.
    if (made.claim !== undefined)
      Object.assign(made.claim, { claimGeneratorName: claimGenerator, claimGeneratorVersion: undefined });
    const actions = new manifest.ActionAssertion();
    actions.actions.push({
      action: manifest.ActionType.C2paCreated,
      digitalSourceType: manifest.DigitalSourceType.TrainedAlgorithmicMedia,
      softwareAgent: { name: model },
    });
    const binding = manifest.DataHashAssertion.create(HASH);
    made.addAssertion(actions);
    made.addAssertion(binding);
    await picture.ensureManifestSpace(store.measureSize());
    await binding.updateWithAsset(picture);
    await made.sign(signer);
    await picture.writeManifestJUMBF(store.getBytes());
    return Buffer.from(await picture.getDataRange());
  };
}
