import { createPrivateKey, type KeyObject, randomUUID, X509Certificate } from 'node:crypto';
import { UsageError } from '../errors.ts';
import { claimGenerator } from './containers/container.ts';

/** Who signs pictures. */
export interface SigningIdentity {
  /** PEM: the signer's certificate, then those that vouch for it, without the root. */
  readonly certificatesPem: string;
  /** PEM, not encrypted: the key of the first certificate. */
  readonly privateKeyPem: string;
}

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

/** The algorithms that C2PA allows (C2PA Technical Specification, 13.2), by their names in COSE. */
type SigningAlgorithm = 'ES256' | 'ES384' | 'ES512' | 'PS256' | 'Ed25519';

interface CheckedIdentity {
  /** DER, the signer's first. */
  readonly certificates: readonly Buffer[];
  /** PKCS#8. */
  readonly privateKey: Buffer;
  readonly algorithm: SigningAlgorithm;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const CURVES: Readonly<Record<string, SigningAlgorithm>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};
const LEAST_RSA_BITS = 2_048;

/**
 * Reads certificates and key, and whether they belong together and are good at this time (ms since 1970). Throws `UsageError`, which
 * says nothing of the key.
 */
function readIdentity({ certificatesPem, privateKeyPem }: SigningIdentity, nowMs: number): CheckedIdentity {
  const key = readKey(privateKeyPem);
  const certificates = (certificatesPem.match(CERTIFICATE) ?? []).map(readCertificate);
  const [own] = certificates;
  if (own === undefined) {
    throw refused(
      'a certificate in PEM',
      'none',
      'Give a file that begins with -----BEGIN CERTIFICATE-----.',
    );
  }
  if (!own.checkPrivateKey(key)) {
    throw refused(
      'the key of the first certificate',
      'another one',
      'Put the certificate of the key first, and those that vouch for it behind it.',
    );
  }
  if (Date.parse(own.validTo) < nowMs || Date.parse(own.validFrom) > nowMs) {
    const got = `one that is valid from ${own.validFrom} to ${own.validTo}`;
    throw refused('a certificate that is valid now', got, 'Have it renewed, or set the clock.');
  }
  return {
    certificates: certificates.map(({ raw }) => raw),
    privateKey: key.export({ type: 'pkcs8', format: 'der' }),
    algorithm: algorithmOf(key),
  };
}

function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // What the system says of a key stays out of sight.
    throw refused(
      'a private key in PEM that is not encrypted',
      'something else',
      'Make one of another kind with: openssl pkcs8 -topk8 -nocrypt -in KEY.',
    );
  }
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw refused(
      'certificates in PEM',
      'one that cannot be read',
      'Look at it with: openssl x509 -text -in FILE.',
    );
  }
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): SigningAlgorithm {
  const { namedCurve = '', modulusLength = 0 } = asymmetricKeyDetails;
  if (asymmetricKeyType === 'ed25519') return 'Ed25519';
  const isRsa = asymmetricKeyType === 'rsa' || asymmetricKeyType === 'rsa-pss';
  if (isRsa && modulusLength >= LEAST_RSA_BITS) return 'PS256';
  const algorithm = asymmetricKeyType === 'ec' ? CURVES[namedCurve] : undefined;
  if (algorithm !== undefined) return algorithm;
  throw refused(
    `a key that C2PA allows (EC on P-256, P-384 or P-521, RSA of ${LEAST_RSA_BITS} bits or more, Ed25519)`,
    [asymmetricKeyType, namedCurve || modulusLength || ''].join(' ').trim(),
    'Have a certificate made for another key.',
  );
}

function refused(expected: string, got: string, suggestion: string): UsageError {
  return new UsageError(`Expected ${expected} to sign pictures with, got ${got}`, { suggestion });
}

/** Signing is for some runs only, so what it takes are optional peer dependencies that are loaded here alone. */
async function loadC2pa() {
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
