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

it.each([
  ['owner/name', null, 'owner/name'],
  ['fast=owner/name', 'fast', 'owner/name'],
  [' quick one = https://replicate.com/owner/name ', 'quick one', 'owner/name'],
  // A sign in an address is no name.
  ['https://replicate.com/owner/name?prediction=abc', null, 'owner/name'],
])('reads %j with its name', (text, name, model) => {
  expect(flagValues.namedModelReference.schema.parse(text)).toEqual({ name, model, version: null });
});

it.each(['fast=', '=owner/', 'fast=owner'])('refuses %j', (text) => {
  expect(flagValues.namedModelReference.schema.safeParse(text).success).toBe(false);
});
