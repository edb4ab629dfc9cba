/** The callback that functions of Node call at their end. */
type Done<T> = (error: Error | null, value: T) => void;

/**
 * Calls a function of Node that takes a callback; resolves with its value, or rejects with its
 * error. For calls that each image makes: `promisify` would make a new function each time, which
 * takes as long as the call, and one that is kept does not see that a test has replaced the
 * function of Node.
 */
export function fromCallback<T = void>(call: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error === null || error === undefined ? resolve(value) : reject(error)));
  });
}
