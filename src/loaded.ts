import { StorageError } from './errors.ts';
import { handleShortage } from './handleShortage.ts';

/**
 * Awaits a module that is loaded when it is first needed. A failure is one of the installation or the machine: it must
 * neither pass for weather on the network nor for a broken picture. Rejects with `StorageError`.
 */
export async function loaded<T>(module: Promise<T>, name: string): Promise<T> {
  try {
    return await module;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw (
      handleShortage(error, name) ??
      new StorageError('ERR_NOT_LOADED', `Expected to load ${name}, got: ${reason}`, {
        recoverable: true,
        suggestion:
          'Raise the limit of open files (ulimit -n); if that is high, install anew with npm install.',
        cause: error,
      })
    );
  }
}
