import { expect, it } from 'vitest';
import { idleCoresHint } from '../../../src/cli/script/environment.ts';

it('explains how to use all cores for renditions, if some are idle', () => {
  expect(idleCoresHint({ cores: 16, encoders: 3 })).toMatch(
    /^Renditions use only 3 of 16 cores, .* UV_THREADPOOL_SIZE=20 /,
  );
  expect(idleCoresHint({ cores: 2, encoders: 2 })).toBeNull();
});
