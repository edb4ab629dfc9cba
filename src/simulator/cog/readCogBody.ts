import { z } from 'zod';
import { inputFaults } from '../models/inputFaults.ts';
import type { SimulatedModel } from '../models/SimulatedModel.ts';
import type { WebhookOrder } from '../SimulatedPrediction.ts';

/** One entry of `detail`, as FastAPI writes it. */
export interface CogFault {
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly type: string;
}

/** What a body asks for. */
export interface RightCogWish {
  readonly kind: 'right';
  /** Null: any. */
  readonly id: string | null;
  readonly input: Readonly<Record<string, unknown>>;
  readonly webhook: WebhookOrder | null;
}

/** What a body asks for, or why it is refused with 422. */
export type CogWish = RightCogWish | { readonly kind: 'invalid'; readonly faults: readonly CogFault[] };

const schema = z.looseObject({
  id: z.string().optional(),
  input: z.record(z.string(), z.unknown()).default({}),
  webhook: z.string().optional(),
  webhook_events_filter: z.array(z.enum(['start', 'output', 'logs', 'completed'])).optional(),
});

/** Reads the body of a create; `pathId` is the id in its path, which the one in the body must not contradict. */
export function readCogBody(body: unknown, model: SimulatedModel, pathId: string | null): CogWish {
  const { success, data, error } = schema.safeParse(body ?? {});
  if (!success) {
    const faults = error.issues.map(({ path, message: msg }) => fault(path.map(String), msg));
    return { kind: 'invalid', faults };
  }
  const { id = pathId, input, webhook: url, webhook_events_filter: events = null } = data;
  if (pathId !== null && id !== pathId) {
    const msg = 'prediction ID must match the ID supplied in the URL';
    return { kind: 'invalid', faults: [fault(['id'], msg)] };
  }
  const faults = inputFaults(input, model).map(({ field, description }) =>
    fault(field.split('.'), description),
  );
  if (faults.length > 0) return { kind: 'invalid', faults };
  return { kind: 'right', id, input, webhook: url === undefined ? null : { url, events } };
}

function fault(path: readonly string[], msg: string): CogFault {
  return { loc: ['body', ...path], msg, type: 'value_error' };
}
