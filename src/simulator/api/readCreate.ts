import { z } from 'zod';
import { findModel } from '../models/findModel.ts';
import { type InputFault, inputFaults } from '../models/inputFaults.ts';
import type { SimulatedModel } from '../models/SimulatedModel.ts';
import type { WebhookOrder } from '../SimulatedPrediction.ts';
import { isWebhookUrl } from '../webhooks/isWebhookUrl.ts';

/** What a create asks for, or why it is refused with 422. */
export type ReadCreate =
  | {
      readonly kind: 'right';
      readonly model: SimulatedModel;
      readonly input: Readonly<Record<string, unknown>>;
      readonly webhook: WebhookOrder | null;
    }
  | { readonly kind: 'invalid'; readonly faults: readonly InputFault[] }
  | { readonly kind: 'unknown version' };

const common = {
  input: z.record(z.string(), z.unknown()),
  webhook: z.string().refine(isWebhookUrl, 'Must be an https URL').optional(),
  webhook_events_filter: z.array(z.enum(['start', 'output', 'logs', 'completed'])).optional(),
  stream: z.boolean().optional(),
};
const namedBody = z.strictObject(common).transform((body) => ({ ...body, version: '' }));
const versionedBody = z.strictObject({ ...common, version: z.string() });

/** Reads the body of a create. Where the path has named a model, the body must have no version, else it must have one. */
export function readCreate(body: unknown, named: SimulatedModel | null): ReadCreate {
  const { success, data, error } = (named === null ? versionedBody : namedBody).safeParse(body, {
    reportInput: true,
  });
  if (!success) return { kind: 'invalid', faults: error.issues.flatMap(bodyFaults) };
  const { input, version, webhook: url, webhook_events_filter: events = null } = data;
  const model = named ?? findModel.runnable(version);
  if (model === null) return { kind: 'unknown version' };
  const faults = inputFaults(input, model);
  if (faults.length > 0) return { kind: 'invalid', faults };
  return { kind: 'right', model, input, webhook: url === undefined ? null : { url, events } };
}

function bodyFaults(issue: z.core.$ZodIssue): InputFault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      type: 'additional_property_not_allowed',
      field: '',
      description: `Additional property ${key} is not allowed`,
    }));
  }
  const name = issue.path.join('.');
  if (issue.code === 'invalid_type' && issue.input === undefined) {
    return [{ type: 'required', field: '', description: `${name} is required` }];
  }
  return [{ type: 'invalid_type', field: name, description: issue.message }];
}
