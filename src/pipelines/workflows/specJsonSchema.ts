import { z } from 'zod';
import { specPlatform, specRendition } from '../../renditions/lists.ts';
import { renditionPresets } from '../../renditions/presets.ts';
import { specSchemas, type Workflow } from './specSchemas.ts';

/** Where editors find the schemas. */
const SCHEMAS_URL = 'https://raw.githubusercontent.com/rxposure/rxposure/main/schemas';

/** A rendition as a text: the name of a preset, which editors complete, or a notation. */
const renditionText = [
  { type: 'string', enum: Object.keys(renditionPresets), description: 'The name of a preset.' },
  {
    type: 'string',
    pattern: '[=,]',
    description: 'NAME=WxH[,fit][,format][,quality], or a preset with options.',
  },
];

/** Only a rendition with the name of a preset has a size without `width` and `height`. */
const sizeUnlessPreset = {
  if: { properties: { name: { enum: Object.keys(renditionPresets) } } },
  else: { required: ['width', 'height'] },
};

/**
 * Returns the JSON Schema of a workflow's spec, with which editors complete and check it. It takes
 * everything that the workflow takes, and values that only the model or the rest of the spec can
 * refuse.
 */
export function specJsonSchema(workflow: Workflow): object {
  const schema = z.toJSONSchema(specSchemas[workflow], {
    io: 'input',
    // Lists of names are checked when the spec is read.
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema !== specRendition && zodSchema !== specPlatform) return;
      const [, ...long] = jsonSchema.anyOf ?? [];
      jsonSchema.anyOf = [
        ...renditionText.map((each) => ({ ...each, type: 'string' as const })),
        ...long.map((each) => ({ ...each, ...sizeUnlessPreset })),
      ];
    },
  });
  const { $schema, ...rest } = schema;
  return { $schema, $id: `${SCHEMAS_URL}/${workflow}.json`, title: `rxposure ${workflow}`, ...rest };
}
