import { ProviderError } from '../../errors.ts';

/** The reason why a certificate is not trusted, in words, and the remedy. */
interface CertificateDoubt {
  readonly words: string;
  readonly suggestion: string;
}

const unknownIssuer: CertificateDoubt = {
  words: 'the certificate of the service is not trusted',
  suggestion:
    "A proxy that inspects traffic has a certificate of its own: set NODE_EXTRA_CA_CERTS to the PEM file of your network's root certificate, then run the same command again.",
};

const wrongName: CertificateDoubt = {
  words: 'the certificate is for another host name',
  suggestion:
    'Check the host name of the base URL, and that no login page or proxy of the network responds in place of the service.',
};

const wrongTime: CertificateDoubt = {
  words: 'the certificate is expired or not valid yet',
  suggestion: 'Check the date and time of this machine; if they are right, the service must renew it.',
};

const revoked: CertificateDoubt = {
  words: 'the certificate is revoked',
  suggestion: 'Check the base URL; the service must get a new certificate.',
};

/** The doubts by the codes of Node's TLS. No retry helps against any of them. */
export const certificateDoubts: ReadonlyMap<string, CertificateDoubt> = new Map([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', unknownIssuer],
  ['SELF_SIGNED_CERT_IN_CHAIN', unknownIssuer],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', unknownIssuer],
  ['UNABLE_TO_GET_ISSUER_CERT', unknownIssuer],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', unknownIssuer],
  ['CERT_UNTRUSTED', unknownIssuer],
  ['CERT_SIGNATURE_FAILURE', unknownIssuer],
  ['INVALID_CA', unknownIssuer],
  ['ERR_TLS_CERT_ALTNAME_INVALID', wrongName],
  ['HOSTNAME_MISMATCH', wrongName],
  ['CERT_HAS_EXPIRED', wrongTime],
  ['CERT_NOT_YET_VALID', wrongTime],
  ['CERT_REVOKED', revoked],
]);

/**
 * Returns the error of a call that was not sent, because the certificate is not trusted. It ends
 * the run: every other call ends so, too.
 */
export function untrusted(message: string, { suggestion }: CertificateDoubt): ProviderError {
  return new ProviderError('ERR_UNTRUSTED_CERTIFICATE', message, {
    stopsRun: true,
    tookEffect: 'no',
    suggestion,
  });
}
