import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { UsageError } from '../../errors.ts';
import type { SigningIdentity } from './SigningIdentity.ts';

/** The algorithms that C2PA allows (C2PA Technical Specification, 13.2), by their names in COSE. */
export type SigningAlgorithm = 'ES256' | 'ES384' | 'ES512' | 'PS256' | 'Ed25519';

export interface CheckedIdentity {
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
export function readIdentity(
  { certificatesPem, privateKeyPem }: SigningIdentity,
  nowMs: number,
): CheckedIdentity {
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
