export {
  createPictureSigner,
  type PictureSigner,
  type PictureSignerConfig,
} from './c2pa/createPictureSigner.ts';
export type { SigningIdentity } from './c2pa/SigningIdentity.ts';
export { markPicture, type Unmarked } from './markPicture.ts';
export type { Provenance } from './Provenance.ts';
export { xmpProperties } from './xmpProperties.ts';
