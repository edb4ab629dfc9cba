import { expect, it } from 'vitest';
import { connectionError } from '../../../src/providers/http/fetchOnce.ts';

/** As the platform's fetch rejects: the fault of the system is the cause. */
const fetchFailed = (...faults: { code: string; syscall?: string }[]) => {
  const causes = faults.map((fault) => Object.assign(new Error('no'), fault));
  return new TypeError('fetch failed', {
    cause: causes.length === 1 ? causes[0] : new AggregateError(causes),
  });
};

const call = { method: 'POST', path: '/v1/predictions', host: '127.0.0.1:8794' };

it.each([
  ['no program listens', { code: 'ECONNREFUSED', syscall: 'connect' }],
  ['the name is unknown', { code: 'ENOTFOUND', syscall: 'getaddrinfo' }],
  ['the name service is down', { code: 'EAI_AGAIN', syscall: 'getaddrinfo' }],
  ['there is no network', { code: 'ENETUNREACH', syscall: 'connect' }],
  ['the host cannot be reached', { code: 'EHOSTUNREACH', syscall: 'connect' }],
  ['connecting takes too long', { code: 'ETIMEDOUT', syscall: 'connect' }],
  ['connecting takes too long for the platform', { code: 'UND_ERR_CONNECT_TIMEOUT' }],
])('nothing was sent if %s', (_name, fault) => {
  const error = connectionError(call, fetchFailed(fault));
  expect(error).toMatchObject({ code: 'ERR_NO_CONNECTION', tookEffect: 'no', recoverable: true });
  expect(error.message).toBe(`POST /v1/predictions: no connection to 127.0.0.1:8794 (${fault.code})`);
});

it.each([
  ['of another host', 'ERR_TLS_CERT_ALTNAME_INVALID', 'for another host name', 'host name of the base URL'],
  ['of its own', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'is not trusted', 'NODE_EXTRA_CA_CERTS'],
  ['of an inspecting proxy', 'SELF_SIGNED_CERT_IN_CHAIN', 'is not trusted', 'NODE_EXTRA_CA_CERTS'],
  ['that is too old', 'CERT_HAS_EXPIRED', 'is expired or not valid yet', 'date and time'],
])('nothing was sent to a certificate %s, and no retry helps', (_name, code, words, advice) => {
  const error = connectionError(call, fetchFailed({ code }));
  expect(error).toMatchObject({ code: 'ERR_UNTRUSTED_CERTIFICATE', tookEffect: 'no', recoverable: false });
  expect(error.stopsRun).toBe(true);
  expect(error.message).toContain(words);
  expect(error.message).toContain(code);
  expect(error.suggestion).toContain(advice);
});

it.each([
  ['the connection is reset', { code: 'ECONNRESET', syscall: 'read' }],
  ['the other side is gone', { code: 'EPIPE', syscall: 'write' }],
  ['the platform lost the other side', { code: 'UND_ERR_SOCKET' }],
  ['the network goes away during the wait', { code: 'ENETUNREACH', syscall: 'read' }],
  ['the host goes away during the wait', { code: 'EHOSTUNREACH', syscall: 'read' }],
  ['the fault is unknown', { code: 'ESOMETHING' }],
])('anything may have happened if %s', (_name, fault) => {
  const error = fetchFailed(fault);
  expect(connectionError(call, error)).toMatchObject({
    code: 'ERR_CONNECTION_LOST',
    tookEffect: 'unknown',
    recoverable: true,
  });
  expect(connectionError({ ...call, method: 'GET' }, error).tookEffect).toBe('no');
});

it('all addresses must have failed to connect for nothing to have been sent', () => {
  const refused = { code: 'ECONNREFUSED', syscall: 'connect' };
  const reset = { code: 'ECONNRESET', syscall: 'read' };
  expect(connectionError(call, fetchFailed(refused, refused)).tookEffect).toBe('no');
  expect(connectionError(call, fetchFailed(refused, reset)).tookEffect).toBe('unknown');
});

it('is reported for a port that fetch never connects to', async () => {
  const blocked = await fetch('http://127.0.0.1:9').catch((error: unknown) => error);
  expect(connectionError(call, blocked)).toMatchObject({
    ...{ code: 'ERR_NO_CONNECTION', tookEffect: 'no', recoverable: false, stopsRun: true },
    message: 'POST /v1/predictions: the port of 127.0.0.1:8794 is blocked',
  });
});

it('takes anything that can be thrown', () => {
  expect(connectionError(call, 'oh').tookEffect).toBe('unknown');
  expect(connectionError(call, undefined).tookEffect).toBe('unknown');
});
