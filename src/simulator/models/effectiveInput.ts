import type { SimulatedModel } from './SimulatedModel.ts';

/** What a model works with: the inputs that it knows as they were sent, else their defaults. */
export function effectiveInput(
  { inputs }: SimulatedModel,
  input: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const values = Object.entries(inputs).map(([name, { default: preset }]) => [name, input[name] ?? preset]);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}
