import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { SigningIdentity } from '../../src/provenance/signPicture.ts';

export interface AnIdentityConfig {
  readonly validFrom?: Date;
  readonly validTo?: Date;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const HOUR_MS = 3_600_000;

/**
 * A certificate for signing documents, from an authority of its own, and its key; both good for an
 * hour.
 */
export async function anIdentity({
  validFrom = new Date(Date.now() - HOUR_MS),
  validTo = new Date(Date.now() + HOUR_MS),
}: AnIdentityConfig = {}): Promise<SigningIdentity> {
  const [root, own] = [await keys(), await keys()];
  const time = { notBefore: validFrom, notAfter: validTo, signingAlgorithm: algorithm };
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...{ serialNumber: '01', name: 'CN=An authority, O=Someone', keys: root, ...time },
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(root.publicKey),
    ],
  });
  const certificate = await x509.X509CertificateGenerator.create({
    ...{ serialNumber: '02', subject: 'CN=A studio, O=Someone', issuer: authority.subject, ...time },
    publicKey: own.publicKey,
    signingKey: root.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.4']),
      await x509.SubjectKeyIdentifierExtension.create(own.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(root.publicKey),
    ],
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', own.privateKey);
  return {
    certificatesPem: `${certificate.toString('pem')}\n${authority.toString('pem')}\n`,
    privateKeyPem: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
  };
}

function keys() {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}
