// Writes the JSON Schemas of all specs to schemas/: `npm run schemas`.
import { mkdir, writeFile } from 'node:fs/promises';
import { specJsonSchema } from '../../src/pipelines/workflows/specJsonSchema.ts';
import { specSchemas, type Workflow } from '../../src/pipelines/workflows/specSchemas.ts';

/** The schema files by path, as they should be. */
export function schemaFiles(): ReadonlyMap<string, string> {
  const workflows = Object.keys(specSchemas) as Workflow[];
  return new Map(
    workflows.map((workflow) => [
      `schemas/${workflow}.json`,
      `${JSON.stringify(specJsonSchema(workflow), null, 2)}\n`,
    ]),
  );
}

if (process.argv[1] === import.meta.filename) {
  await mkdir('schemas', { recursive: true });
  for (const [path, text] of schemaFiles()) await writeFile(path, text);
}
