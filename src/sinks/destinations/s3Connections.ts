import http from 'node:http';
import https from 'node:https';
import { readProxies } from '../../base/proxies.ts';

/** Returns connections through the proxies that the environment names; the SDK knows of none. */
export function s3Connections() {
  const proxyEnv = readProxies(process.env);
  if (proxyEnv === null) return {};
  const agents = { keepAlive: true, proxyEnv };
  return { requestHandler: { httpAgent: new http.Agent(agents), httpsAgent: new https.Agent(agents) } };
}
