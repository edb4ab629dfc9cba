import { expect, it } from 'vitest';
import { cacheFolder, keepCompiled } from '../../src/store/cacheFolder.ts';

it.each([
  ['linux', {}, '/home/me', '/home/me/.cache/rxposure'],
  ['linux', { XDG_CACHE_HOME: '/var/c' }, '/home/me', '/var/c/rxposure'],
  ['linux', { XDG_CACHE_HOME: 'relative' }, '/home/me', '/home/me/.cache/rxposure'],
  ['linux', {}, '', null],
  ['darwin', {}, '/Users/me', '/Users/me/Library/Caches/rxposure'],
  ['win32', { LOCALAPPDATA: 'C:\\L' }, 'C:\\Users\\me', 'C:\\L\\rxposure\\Cache'],
  ['win32', {}, 'C:\\Users\\me', 'C:\\Users\\me\\AppData\\Local\\rxposure\\Cache'],
] as const)('on %s with %o', (platform, env, home, expected) => {
  expect(cacheFolder(env, { platform, home })).toBe(expected);
});

it.skipIf(process.platform !== 'linux')('keeps no compiled code if no folder can be made, and ends', () => {
  // Node itself would try for ever.
  expect(keepCompiled({ XDG_CACHE_HOME: '/proc/nothing' })).toBeUndefined();
});
