// Writes the JSON Schemas of all specs to schemas/: `npm run schemas`.
import { mkdir, writeFile } from 'node:fs/promises';
import { configJsonSchema } from '../../src/cli/config/configSchema.ts';
import { specJsonSchema } from '../../src/pipelines/workflows/specJsonSchema.ts';
import { specSchemas, type Workflow } from '../../src/pipelines/workflows/specSchemas.ts';

/** The schema files by path, as they should be. */
export function schemaFiles(): ReadonlyMap<string, string> {
  const workflows = Object.keys(specSchemas) as Workflow[];
  const schemas = [...workflows.map((workflow) => [workflow, specJsonSchema(workflow)] as const)];
  return new Map(
    [...schemas, ['config', configJsonSchema()] as const].map(([name, schema]) => [
      `schemas/${name}.json`,
      `${JSON.stringify(schema, null, 2)}\n`,
    ]),
  );
}

if (process.argv[1] === import.meta.filename) {
  await mkdir('schemas', { recursive: true });
  for (const [path, text] of schemaFiles()) await writeFile(path, text);
}
