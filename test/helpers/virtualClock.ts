import { VirtualTimeScheduler } from 'rxjs';

/** A clock that moves only when it is told to. */
export class VirtualClock extends VirtualTimeScheduler {
  constructor() {
    super(undefined, 0);
  }

  advance(ms: number): void {
    this.maxFrames += ms;
    this.flush();
    this.frame = this.maxFrames;
  }
}
