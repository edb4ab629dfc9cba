import { createPrivateKey, type KeyObject, randomUUID, X509Certificate } from 'node:crypto';
import { isSimulated } from '../base/service.ts';
import { UsageError } from '../errors.ts';
import { claimGenerator } from './containers/container.ts';
import { simulatorName } from './xmp.ts';

/** The certificates and the key of a signer. */
export interface SigningIdentity {
  /** PEM: the signer's certificate, then its intermediate certificates, without the root. */
  readonly certificatesPem: string;
  /** PEM: the key of the first certificate, not encrypted. */
  readonly privateKeyPem: string;
}

/**
 * Signs the file of an image that a model made. Takes its bytes, its format (as in `ImageFile`),
 * the model, and the name of the service: the manifest of a simulated image names the simulator
 * instead of the model. Resolves with the bytes including the manifest, or with the same bytes if
 * the format cannot be signed.
 */
export type PictureSigner = (
  bytes: Buffer,
  format: string,
  model: string,
  service?: string | null,
) => Promise<Buffer>;

export interface PictureSignerConfig {
  /** The time at which certificates must be valid, ms since 1970. Default: now. */
  nowMs?: number;
}

const HASH = 'SHA-256';

/**
 * Creates a signer of JPEGs and PNGs. Each gets a C2PA manifest (https://spec.c2pa.org), bound to
 * the file's bytes, that names the trained model, or the simulator, that made it. Signing takes
 * some milliseconds and adds about 27 kB. Sign last: any later change invalidates the signature.
 *
 * Rejects with `UsageError` if certificates and key cannot be used, or `@trustnxt/c2pa-ts` is not
 * installed.
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
  return async (bytes, format, model, service) => {
    const isDrawn = isSimulated(service);
    const { AlgorithmicMedia, TrainedAlgorithmicMedia } = manifest.DigitalSourceType;
    if (format !== 'jpeg' && format !== 'png') return bytes;
    const image = format === 'jpeg' ? new asset.JPEG(bytes) : new asset.PNG(bytes);
    const store = new manifest.ManifestStore();
    const made = store.createManifest({
      claimVersion: manifest.ClaimVersion.V2,
      assetFormat: image.mimeType,
      instanceID: `xmp:iid:${randomUUID()}`,
      defaultHashAlgorithm: HASH,
      signer,
    });
    // The library would name itself.
    if (made.claim !== undefined)
      Object.assign(made.claim, { claimGeneratorName: claimGenerator, claimGeneratorVersion: undefined });
    const actions = new manifest.ActionAssertion();
    actions.actions.push({
      action: manifest.ActionType.C2paCreated,
      digitalSourceType: isDrawn ? AlgorithmicMedia : TrainedAlgorithmicMedia,
      softwareAgent: { name: isDrawn ? simulatorName : model },
    });
    const binding = manifest.DataHashAssertion.create(HASH);
    made.addAssertion(actions);
    made.addAssertion(binding);
    await image.ensureManifestSpace(store.measureSize());
    await binding.updateWithAsset(image);
    await made.sign(signer);
    await image.writeManifestJUMBF(store.getBytes());
    return Buffer.from(await image.getDataRange());
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
 * Reads certificates and key, and checks that they match and are valid at `nowMs` (ms since 1970).
 * Throws `UsageError`, which never contains anything of the key.
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
      'Put the certificate of the key first, then its intermediate certificates.',
    );
  }
  if (Date.parse(own.validTo) < nowMs || Date.parse(own.validFrom) > nowMs) {
    const got = `one that is valid from ${own.validFrom} to ${own.validTo}`;
    throw refused('a certificate that is valid now', got, 'Renew it, or set the clock.');
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
    // The system's error might contain something of the key.
    throw refused(
      'an unencrypted private key in PEM',
      'something else',
      'Convert it with: openssl pkcs8 -topk8 -nocrypt -in KEY.',
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
      'Inspect it with: openssl x509 -text -in FILE.',
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
    'Get a certificate for another key.',
  );
}

function refused(expected: string, got: string, suggestion: string): UsageError {
  return new UsageError(`Expected ${expected} to sign images with, got ${got}`, { suggestion });
}

/** Loads the optional peer dependencies for signing, which only some runs need. */
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
    throw new UsageError('Signing images needs c2pa-ts, which is not installed', {
      suggestion: 'Run: npm install @trustnxt/c2pa-ts @peculiar/x509',
      cause,
    });
  }
}
