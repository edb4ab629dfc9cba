import { describe, expect, it } from 'vitest';
import { asFileHandleShortage } from '../../src/disk/storageError.ts';

const fault = (code: string) => Object.assign(new Error(code), { code, syscall: 'connect' });

describe('asFileHandleShortage', () => {
  it.each([
    ['the error itself', fault('EMFILE')],
    ['its cause, as fetch has it', new TypeError('fetch failed', { cause: fault('EMFILE') })],
    [
      'one of several, as for a host of several addresses',
      new AggregateError([fault('ECONNREFUSED'), fault('EMFILE')]),
    ],
    ['the whole machine', fault('ENFILE')],
  ])('recognises one by %s', (_, error) => {
    expect(asFileHandleShortage(error, 'a connection to api.example')).toMatchObject({
      name: 'StorageError',
      code: 'ERR_TOO_MANY_FILES',
      message: expect.stringContaining('a connection to api.example'),
    });
  });

  it.each([fault('ECONNRESET'), new Error('no'), 'EMFILE', undefined])(
    'ignores all other errors: %s',
    (error) => {
      expect(asFileHandleShortage(error, 'x')).toBeNull();
    },
  );
});
