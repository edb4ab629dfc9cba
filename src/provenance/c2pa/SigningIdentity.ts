/** Who signs pictures. */
export interface SigningIdentity {
  /** PEM: the signer's certificate, then those that vouch for it, without the root. */
  readonly certificatesPem: string;
  /** PEM, not encrypted: the key of the first certificate. */
  readonly privateKeyPem: string;
}
