import { chaosProfileLines } from './chaosProfileLines.ts';
import { exitCodes } from './exitCodes.ts';

const environment = [
  ['REPLICATE_API_TOKEN', 'the token; needed unless --simulate is given'],
  ['REPLICATE_BASE_URL', 'base of the API'],
  ['NO_COLOR', 'any value: no colours'],
] as const;

/** What the help says below the flags: examples, chaos profiles, environment, exit codes. */
export function helpEpilogue(examples: readonly string[]): string {
  const commands = examples.map((example) => `  npx tsx pipelines/${example}`);
  const variables = environment.map(([name, meaning]) => `  ${name.padEnd(21)}${meaning}`);
  const codes = Object.values(exitCodes).map(({ code, meaning }) => `  ${String(code).padEnd(5)}${meaning}`);
  return [
    ...(commands.length > 0 ? ['', 'Examples:', ...commands] : []),
    ...['', ...chaosProfileLines()],
    ...['', 'Environment:', ...variables],
    ...['', 'Exit codes:', ...codes],
  ].join('\n');
}
