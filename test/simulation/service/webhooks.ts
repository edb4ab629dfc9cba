import { Observable, Subject } from 'rxjs';
import type { PredictionEvents } from '../../../src/ports.ts';
import { parsePrediction } from '../../../src/providers/wire/prediction.ts';
import type { PredictionEvent } from '../../../src/types.ts';
import type { Machine } from '../world/machine.ts';
import type { WorldConfig } from '../world/worldConfig.ts';
import type { Made, Service } from './service.ts';

/** Sends webhooks to the process that runs at the time: lost, twice, or late at times. */
export function createWebhooks(machine: Machine, service: Service, { faults }: WorldConfig) {
  const { chance, timeline } = machine;
  let receiver: Subject<PredictionEvent> | null = null;
  const send = (made: Made, delayMs: number) =>
    timeline.after(delayMs, null, () => {
      if (machine.process?.isAlive !== true || made.webhook === null) return;
      const query = Object.fromEntries(new URL(made.webhook).searchParams);
      receiver?.next({ prediction: parsePrediction(service.shown(made)), query });
    });
  service.onEnd = (made) => {
    if (made.webhook === null || chance.strikes('webhook.lost', faults.webhook / 2)) return;
    send(made, chance.between('webhook.ms', 5, 500));
    if (chance.strikes('webhook.twice', faults.webhook)) send(made, chance.between('webhook.ms', 5, 500));
    if (chance.strikes('webhook.late', faults.webhook))
      send(made, chance.between('webhook.lateMs', 500, 60_000));
  };
  return {
    /** The receiver of a new process. */
    open(): PredictionEvents {
      const own = new Subject<PredictionEvent>();
      receiver = own;
      return {
        url: 'https://example.com/hook',
        events: new Observable((subscriber) => own.subscribe(subscriber)),
      };
    },
  };
}
