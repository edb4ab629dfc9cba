import { claimGenerator } from '../claimGenerator.ts';
import type { Container } from './Container.ts';

/** How a claim has the name of who made it, in CBOR (RFC 8949): a text of eight characters behind its key. */
const OUR_NAME = Buffer.concat([
  Buffer.from('name'),
  Buffer.of(0x60 + claimGenerator.length),
  Buffer.from(claimGenerator),
]);

/** Whose manifest it is that these parts of a file hold. */
export function signerIn(parts: readonly Buffer[]): Container['signedBy'] {
  if (!parts.some((part) => part.includes('c2pa'))) return 'nobody';
  return parts.some((part) => part.includes(OUR_NAME)) ? 'us' : 'others';
}
