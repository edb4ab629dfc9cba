import { defer, type Observable, of, switchMap } from 'rxjs';
import type { Outage } from '../../../operators/pace/outage.ts';
import type { RunControl, Stateful } from '../run.ts';

/**
 * Emits when the run is stopped while the other side is away, or becomes so: jobs in flight are
 * then left to the next run at once.
 *
 *     stop                  --s
 *     outage                -----a
 *     stoppedInOutage       -----(x
 */
export function stoppedInOutage(
  { state, stop }: Stateful & Pick<RunControl, 'stop'>,
  outage: Pick<Outage, 'isAway' | 'began'>,
): Observable<unknown> {
  const stopped = defer(() => (state.isStopped ? of(null) : stop));
  return stopped.pipe(switchMap(() => (outage.isAway ? of(null) : outage.began)));
}
