import { expect, it } from 'vitest';
import { downloadError } from '../../../src/providers/downloads/downloadErrors.ts';

it.each([
  ['ECONNREFUSED', true],
  ['EADDRNOTAVAIL', true],
  ['ECONNRESET', false],
])('treats %s as an outage: %s', (code, isOutage) => {
  const error = Object.assign(new Error('failed'), { code });
  expect(downloadError(error, 'https://files.example/a.webp')).toMatchObject({
    code: 'ERR_DOWNLOAD_CUT',
    isOutage,
  });
});
