import { createRequire } from 'node:module';

/**
 * Loads a package when it is first needed, for functions that cannot wait; `importPackage` is for
 * those that can. The type is that of the module: `requirePackage<typeof import('ajv')>('ajv')`.
 */
export function requirePackage<T>(name: string): T {
  return createRequire(import.meta.url)(name);
}
