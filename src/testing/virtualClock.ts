import { VirtualTimeScheduler } from 'rxjs';

/**
 * A clock that moves only when the test moves it, for tests in steps instead of diagrams. Give it
 * as `scheduler`; its time is ms since its start.
 *
 *     const clock = new VirtualClock();
 *     timer(1_000, clock).subscribe(() => seen.push('late'));
 *     clock.advance(999);    // seen: []
 *     clock.advance(1);      // seen: ['late']
 */
export class VirtualClock extends VirtualTimeScheduler {
  constructor() {
    super(undefined, 0);
  }

  /** Lets so many ms pass, and runs everything that is due meanwhile. */
  advance(ms: number): void {
    this.maxFrames += ms;
    this.flush();
    this.frame = this.maxFrames;
  }
}
