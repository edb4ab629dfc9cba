import { VirtualTimeScheduler } from 'rxjs';

/** A clock that moves only when the test moves it. */
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
