// A step of your own between download and save: the images are kept in grey. If it fails, its job
// fails, and the paid original is kept.
import { images } from 'rxposure';
import sharp from 'sharp';

await images(['a red fox', 'an owl'], {
  model: 'black-forest-labs/flux-schnell',
  to: 'out/grey',
  renditions: ['thumb=64x64'],
  transform: (file) => sharp(file.path).greyscale().png().toBuffer(),
});
