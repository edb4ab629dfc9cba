export { embedProvenance, type Unmarked } from './embedProvenance.ts';
export {
  createPictureSigner,
  type PictureSigner,
  type PictureSignerConfig,
  type SigningIdentity,
} from './signPicture.ts';
export { type Provenance, xmpProperties } from './xmp.ts';
