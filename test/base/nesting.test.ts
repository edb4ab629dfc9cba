import { describe, expect, it } from 'vitest';
import { isTooDeep, nestingFault, tooDeep } from '../../src/base/nesting.ts';

const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

describe('nesting', () => {
  it.each([1, 100])('takes %d levels', (levels) => {
    expect(nestingFault(nested(levels))).toBeNull();
    expect(isTooDeep(nested(levels))).toBe(false);
  });

  it.each([101, 20_000])('refuses %d levels', (levels) => {
    expect(nestingFault(nested(levels))).toBe(tooDeep);
    expect(isTooDeep(nested(levels))).toBe(true);
    expect(isTooDeep({ prompt: 'x', list: [1, { a: nested(levels) }] })).toBe(true);
  });

  it('takes other values', () => {
    for (const value of ['text', 7, null, undefined, true]) {
      expect(nestingFault(value)).toBeNull();
      expect(isTooDeep(value)).toBe(false);
    }
  });

  it('counts a shared value as often as it would be written', () => {
    let shared: unknown = ['lol'.repeat(10)];
    for (let level = 0; level < 60; level += 1) shared = [shared, shared];
    expect(nestingFault(shared)).toContain('2000000 characters with all aliases in their place');
    expect(nestingFault(Array.from({ length: 1_000 }, () => 'x'.repeat(1_000)))).toBeNull();
    expect(nestingFault(Array.from({ length: 3_000 }, () => 'x'.repeat(1_000)))).not.toBeNull();
  });

  it('refuses a value that contains itself', () => {
    const circle: unknown[] = [];
    circle.push({ circle });
    expect(nestingFault(circle)).toBe(tooDeep);
  });
});
