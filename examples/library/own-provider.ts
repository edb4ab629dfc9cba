// A provider of your own: a function that makes the image, with the folder, budget and retries of
// any run. This one draws; yours may call another service with `fetch(url, { signal })`.
import { images } from 'rxposure';
import { createFunctionProvider } from 'rxposure/replicate';
import sharp from 'sharp';

const provider = createFunctionProvider({
  service: 'studio',
  priceUsd: 0.001,
  make: async ({ input }) => {
    const hue = [...String(input.prompt)].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 360;
    const picture = `<svg width="256" height="256"><rect width="256" height="256" fill="hsl(${hue} 60% 50%)"/></svg>`;
    return sharp(Buffer.from(picture)).png().toBuffer();
  },
});
const { totals } = await images(['dawn', 'dusk'], { model: 'studio/hues', to: 'out/hues', provider });
console.log(`${totals.saved} saved for $${totals.costUsd}`);
