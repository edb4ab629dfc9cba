import { expect, it } from 'vitest';
import { parseModelSchema } from '../src/providers/wire/modelSchema.ts';
import { checkInput } from '../src/sources/modelInputs/checkInput.ts';
import type { Json } from '../src/types.ts';
// The input schemas of 26 public models, chosen for their oddities; without titles and
// descriptions.
import documents from './fixtures/oddSchemas.json' with { type: 'json' };

const models = Object.entries(documents).map(([name, document]) => ({ name, document }));

/** Returns the error of a value for one input of a model; null if it is valid. */
function verdict(model: keyof typeof documents, input: string, value: Json): string | null {
  const property = parseModelSchema(documents[model])?.properties[input];
  if (property === undefined) throw new Error(`${model} has no ${input}`);
  try {
    checkInput(input, value, property);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

it.each(models)('reads every input of $name', ({ document }) => {
  const schema = parseModelSchema(document);
  const { properties, required = [] } = document.components.schemas.Input as {
    properties: Record<string, unknown>;
    required?: string[];
  };
  expect(new Set(Object.keys(schema?.properties ?? {}))).toEqual(new Set(Object.keys(properties)));
  expect(schema?.required).toEqual(required);
  for (const property of Object.values(schema?.properties ?? {})) {
    // A verdict of the check, not a crash.
    for (const value of ['a', 1, 0.5, true, null, ['https://a/b.png'], { a: 1 }]) {
      const check = () => checkInput('it', value, property);
      expect(thrownBy(check)).toMatch(/^(nothing|UsageError)$/);
    }
  }
});

function thrownBy(action: () => void): string {
  try {
    action();
    return 'nothing';
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

it('accepts the defaults of all of them, except those that break their own rules', () => {
  const refused = models.flatMap(({ name, document }) =>
    Object.entries(parseModelSchema(document)?.properties ?? {}).flatMap(([input, property]) => {
      if (property.default === undefined || property.default === null) return [];
      return thrownBy(() => checkInput(input, property.default ?? null, property)) === 'nothing'
        ? []
        : [`${name} ${input}`];
    }),
  );
  expect(refused).toEqual([
    'nightmareai/majesty-diffusion latent_scale',
    'laion-ai/laionide-v2 side_x',
    'laion-ai/laionide-v2 side_y',
    'laion-ai/laionide-v2 upsample_temp',
    'cjwbw/rembg image',
    'mistake0316/style-transfer-clip resize_flag',
    'mistake0316/style-transfer-clip center_crop_flag',
    'mistake0316/style-transfer-clip output_aug_flag',
  ]);
});

it.each<[keyof typeof documents, string, Json, string | null]>([
  ['yorickvp/jina-embeddings-v2-base-en', 'text', 'a', null],
  ['yorickvp/jina-embeddings-v2-base-en', 'text', 7, 'a text'],
  ['m1guelpf/stable-diffusion-rs', 'seed', null, null],
  ['m1guelpf/stable-diffusion-rs', 'seed', 'x', 'an integer'],
  ['zsxkib/lil-flan-bias-logits-warper', 'prompt', '', 'characters'],
  ['hexiaochun/video_merge', 'videos', ['https://a/b.mp4'], null],
  ['hexiaochun/video_merge', 'videos', ['https://a/b.mp4', ' '], '`videos[1]` to be a file or a URL'],
  ['cjwbw/rudalle-sr', 'scale', 4, null],
  ['cjwbw/rudalle-sr', 'scale', '4', 'one of'],
  ['mistake0316/style-transfer-clip', 'resize_flag', true, 'one of "True", "False", got true'],
  ['black-forest-labs/flux-dev', 'megapixels', 1, 'one of "1", "0.25", got 1'],
  ['ideogram-ai/ideogram-v2', 'aspect_ratio', '20:9', '(did you mean 16:9?)'],
])('%s: %s %j', (model, input, value, expected) => {
  const message = verdict(model, input, value);
  if (expected === null) expect(message).toBeNull();
  else expect(message).toContain(expected);
});
