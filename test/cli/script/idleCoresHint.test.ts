import { expect, it } from 'vitest';
import { idleCoresHint } from '../../../src/cli/script/environment.ts';

it('says how all cores can make renditions, where some cannot', () => {
  expect(idleCoresHint({ cores: 16, places: 3 })).toMatch(/^3 of 16 cores .* UV_THREADPOOL_SIZE=20 /);
  expect(idleCoresHint({ cores: 2, places: 2 })).toBeNull();
});
