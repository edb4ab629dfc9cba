export { markPicture, type Unmarked } from './markPicture.ts';
export {
  createPictureSigner,
  type PictureSigner,
  type PictureSignerConfig,
  type SigningIdentity,
} from './signPicture.ts';
export { type Provenance, xmpProperties } from './xmp.ts';
