import { contentTypeOf } from './contentTypeOf.ts';
import { outputNames } from './outputNames.ts';
import type { Pictures } from './pictures/createPictures.ts';
import type { SimulatedPrediction } from './SimulatedPrediction.ts';

/** All that a prediction makes as `data:` URLs, in the order of its output. */
export function dataUrls(prediction: SimulatedPrediction, pictures: Pictures): Promise<string[]> {
  return Promise.all(
    outputNames(prediction).map(async (name, place) => {
      const picture = await pictures.render(prediction, place);
      return `data:${contentTypeOf(name)};base64,${picture.toString('base64')}`;
    }),
  );
}
