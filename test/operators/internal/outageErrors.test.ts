import { describe, expect, it } from 'vitest';
import { DownloadError, ProviderError } from '../../../src/errors.ts';
import {
  concernsAllCalls,
  isHostAway,
  isServiceAway,
  isUnconnected,
} from '../../../src/operators/internal/outageErrors.ts';

const call = (code: string, details: ConstructorParameters<typeof ProviderError>[2] = {}) =>
  new ProviderError(code, code, details);
const again = { recoverable: true } as const;

describe('isServiceAway', () => {
  it.each([
    ['no connection', call('ERR_NO_CONNECTION', again), true],
    ['a lost connection', call('ERR_CONNECTION_LOST', again), true],
    ['no response in time', call('ERR_REQUEST_TIMEOUT', again), true],
    ['a fault of the service', call('ERR_SERVICE', { ...again, status: 503 }), true],
    ['a fault that stays', call('ERR_SERVICE', { status: 501 }), false],
    ['a refusal', call('ERR_INVALID_INPUT', { status: 422 }), false],
    ['a certificate that is not trusted', call('ERR_NO_CONNECTION'), null],
    ['the page of a web filter', call('ERR_WEB_PAGE', again), null],
    ['a refusal of this machine', call('ERR_REFUSED', again), null],
    ['an error of another kind', new TypeError('odd'), null],
  ])('for %s', (_what, error, isAway) => {
    expect(isServiceAway(error)).toBe(isAway);
  });
});

it('only a connection that was not made has certainly sent nothing', () => {
  const errors = [
    call('ERR_NO_CONNECTION', again),
    call('ERR_CONNECTION_LOST', again),
    call('ERR_NO_CONNECTION'),
    new TypeError('odd'),
  ];
  expect(errors.map(isUnconnected)).toEqual([true, false, false, false]);
});

it('errors of token and credit concern all calls, those of a web filter need not', () => {
  const stops = { status: 402, stopsRun: true } as const;
  const errors = [call('ERR_NO_CREDIT', stops), call('ERR_WEB_PAGE', stops), call('ERR_SERVICE'), 'odd'];
  expect(errors.map(concernsAllCalls)).toEqual([true, false, false, false]);
});

it('a file host is away if it has not responded; a download that broke off proves nothing', () => {
  const errors = [
    new DownloadError('ERR_NO_CONNECTION', 'away', { ...again, isOutage: true }),
    new DownloadError('ERR_UNTRUSTED_CERTIFICATE', 'away', { isOutage: true }),
    new DownloadError('ERR_DOWNLOAD_CUT', 'cut', again),
    new DownloadError('ERR_OUTPUT_GONE', 'gone'),
    new TypeError('odd'),
  ];
  expect(errors.map(isHostAway)).toEqual([true, false, null, false, null]);
});
