import { expect, it } from 'vitest';
import { specModel } from '../../../src/cli/batch/models.ts';
import { emptyFlags } from '../../../src/cli/flags/flags.ts';
import { aService } from '../../helpers/aService.ts';

const other = { name: null, model: 'owner/other', version: null };

it('prefers the flag, then the model of the service, then the spec, then the default', () => {
  const spec = { model: 'owner/spec' };
  const flags = { ...emptyFlags, models: [other] };
  expect(specModel(spec, flags, aService({ onlyModel: null }), 'owner/default')).toEqual(other);
  expect(specModel(spec, emptyFlags, aService({ onlyModel: other }), 'owner/default')).toEqual(other);
  expect(specModel(spec, emptyFlags, aService({ onlyModel: null }), 'owner/default').model).toBe(
    'owner/spec',
  );
  expect(specModel({ model: null }, emptyFlags, aService({ onlyModel: null }), 'owner/default').model).toBe(
    'owner/default',
  );
});

it('keeps a pinned version', () => {
  const version = 'a'.repeat(64);
  const spec = { model: `owner/spec:${version}` };
  expect(specModel(spec, emptyFlags, aService({ onlyModel: null }), 'o/d')).toEqual({
    model: 'owner/spec',
    version,
  });
});

it('chooses the cheapest model that meets a wish', () => {
  const spec = { model: { useCase: 'multi-image', maxCostUsd: 0.04 } } as const;
  expect(specModel(spec, emptyFlags, aService({ onlyModel: null }), 'o/d').model).toBe(
    'bytedance/seedream-4',
  );
  expect(() =>
    specModel({ model: { maxCostUsd: 0 } }, emptyFlags, aService({ onlyModel: null }), 'o/d'),
  ).toThrow('The catalogue has no model');
});
