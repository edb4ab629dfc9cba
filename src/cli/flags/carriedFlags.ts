import { isSimulated } from '../../base/service.ts';
import { type Flags, flagsIn } from './flags.ts';

/**
 * Flags that a command needs as the run that it resumes had them: for the service, the files to
 * read, the money to spend, the destinations of images, and the content written into them.
 */
const carried: ReadonlySet<string> = new Set([
  ...(['provider', 'base-url', 'simulate', 'allow-files', 'no-config'] as const),
  ...flagsIn('money', 'destinations', 'images', 'tables'),
]);

/**
 * Returns the flags of a run that the printed command needs to resume it. `environmentUrl` is the
 * address in the environment, and `service` the name of the run's service.
 */
export function carriedFlags(
  { typed = [], baseUrl }: Pick<Flags, 'typed' | 'baseUrl'>,
  { environmentUrl, service }: { readonly environmentUrl: string | null; readonly service: string | null },
): string[] {
  const words = typed.filter(({ name }) => carried.has(name)).map((flag) => flag.words);
  // A simulator that was started with `simulator` has an address.
  const isBuiltIn = isSimulated(service) && (baseUrl ?? environmentUrl) === null;
  const isNamed = typed.some(({ name }) => name === 'simulate');
  return [...new Set([...(isBuiltIn && !isNamed ? ['--simulate'] : []), ...words])];
}
