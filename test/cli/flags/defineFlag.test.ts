import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  type DefaultsOf,
  defaultValues,
  emptyValues,
  type FlagsOf,
  listFlag,
  presetFlag,
  toggleFlag,
  valueFlag,
} from '../../../src/cli/flags/defineFlag.ts';
import { flagValues } from '../../../src/cli/flags/flagValues.ts';

const [count, wait, level, noLevel, tag, noPage] = [
  valueFlag({
    name: 'count',
    field: 'count',
    empty: null,
    argument: 'N',
    help: 'how many',
    group: 'jobs',
    value: flagValues.wholeNumber(0, 9),
  }),
  valueFlag({
    name: 'wait',
    field: 'waitMs',
    empty: null,
    default: 1_500,
    argument: 'SECONDS',
    help: 'how long',
    group: 'pace',
    value: flagValues.pause,
  }),
  valueFlag({
    name: 'level',
    field: 'level',
    empty: 'high',
    argument: 'high|low',
    help: 'how much',
    group: 'images',
    value: flagValues.oneOf(['high', 'low']),
  }),
  presetFlag({ name: 'no-level', field: 'level', sets: 'none', help: 'nothing', group: 'images' }),
  listFlag({
    name: 'tag',
    field: 'tags',
    argument: 'WORD',
    help: 'repeatable',
    group: 'jobs',
    value: flagValues.oneOf(['a', 'b']),
  }),
  toggleFlag({ name: 'no-page', field: 'page', empty: true, help: 'no page', group: 'output' }),
] as const;
const table = [count, wait, level, noLevel, tag, noPage];

describe('a table of flags', () => {
  it('gives each field once, with the values of all its flags', () => {
    interface Expected {
      readonly count: number | null;
      readonly waitMs: number | null;
      readonly level: 'high' | 'low' | 'none';
      readonly tags: readonly ('a' | 'b')[];
      readonly page: boolean;
    }
    expectTypeOf<FlagsOf<typeof table>>().branded.toEqualTypeOf<Expected>();
    expect(emptyValues(table)).toStrictEqual({
      count: null,
      waitMs: null,
      level: 'high',
      tags: [],
      page: true,
    });
  });

  it('gives the defaults of the fields that have one', () => {
    expectTypeOf<DefaultsOf<typeof table>>().branded.toEqualTypeOf<{ readonly waitMs: number }>();
    expect(defaultValues(table)).toStrictEqual({ waitMs: 1_500 });
    expect([wait.shownDefault, count.shownDefault]).toEqual(['1.5', null]);
  });

  it('takes 0 as a default', () => {
    const zero = valueFlag({
      name: 'rounds',
      field: 'rounds',
      empty: null,
      default: 0,
      argument: 'N',
      help: 'how often',
      group: 'pace',
      value: flagValues.wholeNumber(0, 9),
    });
    expect(defaultValues([zero])).toStrictEqual({ rounds: 0 });
    expect(zero.shownDefault).toBe('0');
  });
});

describe('reading', () => {
  it('takes the last value, or all of a list', () => {
    expect(count.read('3', 2)).toBe(3);
    expect(wait.read('0.25', null)).toBe(250);
    expect(tag.read('b', ['a'])).toEqual(['a', 'b']);
    expect(tag.read('a', [])).toEqual(['a']);
  });

  it('turns a switch away from empty, and sets the value of a preset', () => {
    expect(noPage.read('', true)).toBe(false);
    expect(noPage.read('', false)).toBe(false);
    expect(noLevel.read('', 'none')).toBe('none');
  });

  it('refuses impossible values of each kind', () => {
    expect(() => count.read('10', null)).toThrow(
      "Expected `--count` to be a whole number from 0 to 9, got '10'",
    );
    expect(() => tag.read('c', [])).toThrow("Expected `--tag` to be one of a, b, got 'c'");
    expect(() => tag.read('--count=2', [])).toThrow('to be followed by WORD, got the flag `--count`');
  });
});

it('takes choices from the keys of a record, in their order', () => {
  const { expected, schema } = flagValues.keyOf({ slow: 1, fast: 2 });
  expectTypeOf(schema.parse('slow')).toEqualTypeOf<'slow' | 'fast'>();
  expect(expected).toBe('one of slow, fast');
  expect(schema.safeParse('toString').success).toBe(false);
});
