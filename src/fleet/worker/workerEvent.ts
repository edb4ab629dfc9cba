import type { OutcomeCounts } from '../packedOutcomes.ts';

/** A part, in the events of a worker. */
interface PartNamed {
  readonly run: number;
  readonly part: number;
}

/** What happens on a worker. */
export type WorkerEvent =
  /** It has a part, with so many jobs; a rescue has those in flight alone. */
  | ({
      readonly type: 'part.taken';
      readonly jobs: number;
      readonly isRescue: boolean;
      readonly deaths: number;
    } & PartNamed)
  | ({ readonly type: 'part.finished' } & OutcomeCounts & PartNamed)
  /** The rest of it waits for another worker, or for its run to go on. */
  | ({ readonly type: 'part.returned'; readonly reason: string } & PartNamed)
  /** Another worker has it. */
  | ({ readonly type: 'part.lost' } & PartNamed)
  /** The service refuses everything: the run waits until somebody lets it go on. */
  | { readonly type: 'run.paused'; readonly run: number; readonly reason: string };
