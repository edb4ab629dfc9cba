import sharp, { type Sharp } from 'sharp';
import { currentMachine, hasMachine } from '../world/machine.ts';
import { isMounted, onDisk } from './mount.ts';

type Methods = Record<string, (...args: unknown[]) => unknown>;

/** Work that sharp does on threads of its own. */
const OUTSIDE = ['toBuffer', 'metadata', 'stats'] as const;

/**
 * The value of `import('sharp')` in a simulated world: sharp itself, which reads from the simulated
 * disk and takes virtual time.
 */
function create(input?: unknown, options?: unknown): Sharp {
  const given = isMounted(input) ? currentMachine().readNow(onDisk(input as string)) : input;
  return outside(sharp(given as never, options as never));
}

function outside(picture: Sharp): Sharp {
  const own = picture as unknown as Methods;
  for (const name of OUTSIDE) {
    const real = own[name] as Methods[string];
    own[name] = (...args) =>
      hasMachine()
        ? currentMachine().outside(() => real.apply(picture, args) as Promise<unknown>)
        : real.apply(picture, args);
  }
  const clone = own.clone as Methods[string];
  own.clone = (...args) => outside(clone.apply(picture, args) as Sharp);
  return picture;
}

/** Sharp itself, for the oracle, which no time passes for. */
export { sharp as realSharp };

export default Object.setPrototypeOf(create, sharp) as typeof sharp;
