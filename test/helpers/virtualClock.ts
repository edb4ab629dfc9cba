export { VirtualClock } from '../../src/testing/virtualClock.ts';
