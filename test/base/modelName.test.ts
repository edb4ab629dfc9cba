import { expect, it } from 'vitest';
import { MODEL_REFERENCE, ownerAndName } from '../../src/base/modelName.ts';

const version = 'f'.repeat(64);

it.each([
  ['acme/foxes', true],
  [`acme/foxes:${version}`, true],
  ['deployments/acme/foxes', true],
  [`deployments/acme/foxes:${version}`, false],
  ['models/acme/foxes', false],
  ['foxes', false],
  ['acme/foxes:latest', false],
])('%s is a model: %s', (text, isModel) => {
  expect(MODEL_REFERENCE.test(text)).toBe(isModel);
});

it('splits models and deployments into owner and name', () => {
  expect(ownerAndName('acme/foxes')).toEqual(['acme', 'foxes']);
  expect(ownerAndName('deployments/acme/foxes')).toEqual(['acme', 'foxes']);
});
