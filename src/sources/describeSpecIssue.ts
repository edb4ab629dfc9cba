import type { z } from 'zod';
import { nearestName } from './nearestName.ts';

/** One mistake in a spec: where it is, as keys and places, and what was expected. */
export interface SpecProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Keys of the spec and of what is inside it, for a guess at what a mistyped key was meant to be. */
const knownKeys: readonly (readonly string[])[] = [
  'name model theme style prompt platforms variations input renditions organize count seed budget price'.split(
    ' ',
  ),
  'name width height fit format quality prompt'.split(' '),
];

/** The problems that one issue of the spec's schema stands for, in words. */
export function describeSpecIssue(
  issue: z.core.$ZodIssue,
  before: readonly PropertyKey[] = [],
): SpecProblem[] {
  const path = [...before, ...issue.path];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, path.length) }));
    case 'invalid_union':
      return describeUnion(issue, path);
    default:
      return [{ path, message: issue.message }];
  }
}

/** Of the forms a value may have, the one whose kind fits tells what is wrong in it. */
function describeUnion(issue: z.core.$ZodIssueInvalidUnion, path: readonly PropertyKey[]): SpecProblem[] {
  const fitting = issue.errors.find((issues) => !issues.some(isOfOtherKind));
  if (fitting !== undefined) return fitting.flatMap((inner) => describeSpecIssue(inner, path));
  const expected = path[0] === 'seed' ? 'auto, none or an integer of 0 or more' : 'a text or keys and values';
  return [{ path, message: `Expected ${expected}` }];
}

function isOfOtherKind(issue: z.core.$ZodIssue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
}

function unknownKey(key: string, depth: number): string {
  const known = knownKeys[Math.min(depth, 1)] ?? [];
  const meant = nearestName(key, known);
  return `Unknown key; ${meant === null ? `known are ${known.join(', ')}` : `did you mean ${meant}?`}`;
}
