import { expect, it } from 'vitest';
import { decodeWhole } from '../../src/images/decodePixels.ts';

/** Decodes like a sharp that warns with these messages, one a try; records the requests. */
async function tryOf(format: string, messages: readonly string[]) {
  const asked: unknown[] = [];
  const result = decodeWhole({}, format, async ({ failOn = 'default' }) => {
    asked.push(failOn);
    const message = failOn === 'warning' ? messages[asked.length - 1] : undefined;
    if (message !== undefined) throw new Error(message);
    return 'decoded';
  });
  return { result: await result.catch((error: Error) => error.message), asked };
}

const cut = 'VipsJpeg: Corrupt JPEG data: premature end of data segment';
const odd = 'VipsJpeg: Corrupt JPEG data: 3 extraneous bytes before marker 0xd9';
const lost = 'Warning treated as error due to failOn setting';

it.each([
  ['a JPEG without warnings', 'jpeg', [], 'decoded', ['warning']],
  ['a JPEG that lacks pixels', 'jpeg', [cut], cut, ['warning']],
  ['a JPEG with odd bytes', 'jpeg', [odd, odd], 'decoded', ['warning', 'warning', 'default']],
  // libvips has one list of messages for all threads.
  ['a JPEG that lacks pixels beside one with odd bytes', 'jpeg', [odd, cut], cut, ['warning', 'warning']],
  [
    'a JPEG of whose warning only the tiles are left',
    'jpeg',
    [`${lost}\nerror in tile 0 x 16`, 'error in tile 0 x 16', lost, `${cut}\n${cut}`],
    `${cut}\n${cut}`,
    ['warning', 'warning', 'warning', 'warning'],
  ],
  [
    'a JPEG whose warning is lost at first',
    'jpeg',
    [lost, lost, cut],
    cut,
    ['warning', 'warning', 'warning'],
  ],
  [
    'a JPEG whose warning is lost each time',
    'jpeg',
    Array.from({ length: 99 }, () => lost),
    'decoded',
    [...Array.from({ length: 24 }, () => 'warning'), 'default'],
  ],
  ['another format', 'png', [], 'decoded', ['default']],
])('decodes %s', async (_what, format, messages, result, asked) => {
  expect(await tryOf(format, messages)).toEqual({ result, asked });
});
