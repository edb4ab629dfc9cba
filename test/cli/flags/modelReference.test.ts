import { expect, it } from 'vitest';
import { flagValues } from '../../../src/cli/flags/flagValues.ts';

const { schema } = flagValues.modelReference;
const version = '0a'.repeat(32);

it.each([
  ['owner/name', 'owner/name', null],
  [' owner/name/ ', 'owner/name', null],
  [`owner/name:${version}`, 'owner/name', version],
  ['https://replicate.com/owner/name', 'owner/name', null],
  ['https://replicate.com/owner/name?prediction=abc#x', 'owner/name', null],
  ['replicate.com/owner/name/', 'owner/name', null],
  [`https://replicate.com/owner/name/versions/${version}`, 'owner/name', version],
  ['https://replicate.com/deployments/acme/foxes', 'deployments/acme/foxes', null],
  ['Deployments/Acme/Foxes', 'deployments/Acme/Foxes', null],
])('reads %s', (text, model, pinned) => {
  expect(schema.parse(text)).toEqual({ model, version: pinned });
});

it.each([
  'owner',
  'owner/name:latest',
  'owner/name/api',
  'https://example.com/owner/name',
  `deployments/acme/foxes:${version}`,
  '',
])('refuses %j', (text) => {
  expect(schema.safeParse(text).success).toBe(false);
});
