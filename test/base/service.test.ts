import { expect, it } from 'vitest';
import { cogService, describeService, isSimulated, serviceAt } from '../../src/base/service.ts';

it.each([
  ['http://127.0.0.1:8787/v1', 'http://localhost'],
  ['http://localhost:9090/v1', 'http://localhost'],
  ['http://[::1]:9090/v1', 'http://localhost'],
  ['https://localhost/v1', 'https://localhost'],
  ['https://gateway.example:8443/replicate/v1', 'https://gateway.example:8443'],
  ['http://127.example/v1', 'http://127.example'],
])('%s is the service %s', (baseUrl, service) => {
  expect(serviceAt(baseUrl)).toBe(service);
});

it.each([
  ['replicate', 'Replicate'],
  ['simulator', 'the rxposure simulator'],
  [cogService('http://127.0.0.1:5000'), 'the Cog container at http://127.0.0.1:5000'],
  ['https://gateway.example', 'the API at https://gateway.example'],
])('%s is described as %s', (service, words) => {
  expect(describeService(service)).toBe(words);
});

it('is simulated only by the simulator', () => {
  expect(['simulator', 'replicate', null, undefined].map(isSimulated)).toEqual([true, false, false, false]);
});
