import type { SimulatedModel } from '../models/SimulatedModel.ts';

/** A model's readme, in Markdown. */
export function readmeOf({ name, description, inputs }: SimulatedModel): string {
  const lines = Object.entries(inputs).map(([input, { description: text }]) => `- \`${input}\`: ${text}`);
  return [`# ${name}`, '', `${description}.`, '', '## Inputs', '', ...lines, ''].join('\n');
}
