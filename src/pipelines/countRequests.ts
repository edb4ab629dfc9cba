import { defer, type Observable } from 'rxjs';
import type { Provider } from '../ports.ts';

/** A provider, and how many calls it has made. */
export interface CountedProvider {
  readonly provider: Provider;
  count(): number;
}

/** Counts what a provider asks of the service: one request for each subscription, as ports say. Downloads are none. */
export function countRequests(provider: Provider): CountedProvider {
  let requests = 0;
  const counted = <T>(call: () => Observable<T>): Observable<T> =>
    defer(() => {
      requests += 1;
      return call();
    });
  const { uploadFile } = provider;
  return {
    provider: {
      createPrediction: (request, options) => counted(() => provider.createPrediction(request, options)),
      getPrediction: (id) => counted(() => provider.getPrediction(id)),
      listPredictions: (query) => counted(() => provider.listPredictions(query)),
      cancelPrediction: (id) => counted(() => provider.cancelPrediction(id)),
      getModel: (name, version) => counted(() => provider.getModel(name, version)),
      ...(uploadFile === undefined
        ? {}
        : { uploadFile: (file) => counted(() => uploadFile.call(provider, file)) }),
    },
    count: () => requests,
  };
}
