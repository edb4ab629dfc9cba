import { z } from 'zod';
import { MODEL_REFERENCE, type ModelReference } from '../../base/modelName.ts';
import { nearestName } from '../../base/suggest.ts';
import { modelCatalogue } from '../../providers/prices/catalogue.ts';
import type { FlagValue } from './flagValue.ts';

/** Returns the name in the address of a model's page, as it is copied; other texts as they are. */
export function asReference(text: string): string {
  return text
    .trim()
    .replace(/^(?:https?:\/\/)?(?:www\.)?replicate\.com\//i, '')
    .replace(/^deployments\//i, 'deployments/')
    .replace(/[?#].*$/, '')
    .replace(/\/+$/, '')
    .replace(/\/versions\/(?=[0-9a-f]{64}$)/, ':');
}

/** The names of well-known models. */
export const catalogued: readonly string[] = modelCatalogue.map(({ model }) => model);

/** Names the well-known model that a name without its owner probably means. */
export function modelAdvice(text: string): string {
  const names = new Map(catalogued.map((model) => [model.split('/')[1] ?? '', model]));
  const meant = names.get(nearestName(text, names.keys()) ?? '');
  return meant === undefined
    ? 'Write it as on its page: https://replicate.com/explore lists models.'
    : `Did you mean ${meant}?`;
}

export const modelReference: FlagValue<ModelReference> = {
  expected: 'OWNER/NAME, OWNER/NAME:VERSION (64 hex digits) or deployments/OWNER/NAME',
  advice: modelAdvice,
  choices: { words: catalogued, areAll: false },
  schema: z
    .string()
    .transform(asReference)
    .pipe(z.string().regex(MODEL_REFERENCE))
    .transform((text) => {
      const [model = '', version = null] = text.split(':');
      return { model, version };
    }),
};

/** A model of the command line, and its own name; null if it has none. */
export interface NamedReference extends ModelReference {
  readonly name: string | null;
}

/** A name before the model, and no part of an address. */
const named = /^([^=/:]+)=(.*)$/s;

export const namedModelReference: FlagValue<NamedReference> = {
  ...modelReference,
  advice: (text) => modelAdvice(named.exec(text)?.[2] ?? text),
  schema: z
    .string()
    .transform((text) => {
      const [, name = '', reference = text] = named.exec(text) ?? [];
      return { name: name.trim() === '' ? null : name.trim(), reference };
    })
    .pipe(z.object({ name: z.string().nullable(), reference: modelReference.schema }))
    .transform(({ name, reference }) => ({ name, ...reference })),
};
