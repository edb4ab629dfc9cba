import http from 'node:http';
import https from 'node:https';
import { readProxies } from '../../base/proxies.ts';

/** Time to connect. */
const CONNECT_MS = 10_000;
/** Time without a byte, after which a request is sent again. */
const SILENCE_MS = 120_000;

/** Returns connections through the proxies that the environment names; the SDK knows of none. */
export function s3Connections() {
  const limits = { connectionTimeout: CONNECT_MS, socketTimeout: SILENCE_MS };
  const proxyEnv = readProxies(process.env);
  if (proxyEnv === null) return { requestHandler: limits };
  const agents = { keepAlive: true, proxyEnv };
  return {
    requestHandler: { ...limits, httpAgent: new http.Agent(agents), httpsAgent: new https.Agent(agents) },
  };
}
