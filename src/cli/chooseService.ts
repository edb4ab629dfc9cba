import { UsageError } from '../errors.ts';
import type { ChaosProfileName } from '../simulator/chaos/chaosProfiles.ts';
import type { Flags } from './Flags.ts';
import type { Environment } from './readEnvironment.ts';

/** Who makes the pictures. */
export type Service =
  /** The built-in simulator, `speed` times faster than life; `chaos` null: nothing goes wrong there. */
  | { readonly kind: 'simulator'; readonly speed: number; readonly chaos: ChaosProfileName | null }
  /** A Replicate-compatible API; `baseUrl` null means Replicate's own. */
  | { readonly kind: 'api'; readonly token: string; readonly baseUrl: string | null };

/**
 * The simulator where `--simulate` was given, else the API with the token of the environment.
 *
 * Throws `UsageError` where there is neither, where the simulator is to be found at a base URL, or where chaos is asked of
 * another service than the simulator.
 */
export function chooseService(
  flags: Pick<Flags, 'simulateSpeed' | 'chaos' | 'baseUrl'>,
  environment: Environment,
): Service {
  const { simulateSpeed, chaos, baseUrl } = flags;
  const { token } = environment;
  if (simulateSpeed !== null && baseUrl !== null) {
    throw new UsageError('Expected either `--simulate` or `--base-url`, got both', {
      suggestion: 'Leave one out: the simulator brings its own base URL.',
    });
  }
  if (simulateSpeed !== null) return { kind: 'simulator', speed: simulateSpeed, chaos };
  if (chaos !== null) {
    throw new UsageError(`Expected \`--chaos ${chaos}\` together with \`--simulate\`, got it without`, {
      suggestion: 'Add --simulate: faults are rehearsed on the simulator only.',
    });
  }
  if (token !== null) return { kind: 'api', token, baseUrl: baseUrl ?? environment.baseUrl };
  throw new UsageError(
    'Expected an API token in REPLICATE_API_TOKEN, got none: set REPLICATE_API_TOKEN, or add --simulate to run without an account',
    { suggestion: 'Tokens are at https://replicate.com/account/api-tokens; the simulator costs nothing.' },
  );
}
