import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A self-signed key pair for `localhost`, valid for a hundred years, which no client trusts. */
export const cert = `-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUEchBbW99h8LPKxxvNMyiv1/LTIwwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyODA0NDQyN1oYDzIxMjYxMTA0
MDQ0NDI3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAT6jcZm6m3Q9DOeA86FC2CZO7epBwjDy2WfAXKmG7KyP2SSsEqEepa+
JT1bEpb00WiSdrfn+dZ1HiwZN53oNowro1MwUTAdBgNVHQ4EFgQUlc64miFFHygg
ea4xV9IQA6xKhJUwHwYDVR0jBBgwFoAUlc64miFFHyggea4xV9IQA6xKhJUwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiAbOHToUYEeF+Qaww649S1e
wP3FmXSOn/wEF7C52d09IAIhAPwrt3xeua5MRt8RDt2LrpadkZ+N0Oycch4EJsw8
meZ2
-----END CERTIFICATE-----`;
export const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBd4r2Byj3AGrx3Xk
C58hRsABxfKOhpLQleP9i7drd6KhRANCAAT6jcZm6m3Q9DOeA86FC2CZO7epBwjD
y2WfAXKmG7KyP2SSsEqEepa+JT1bEpb00WiSdrfn+dZ1HiwZN53oNowr
-----END PRIVATE KEY-----`;

/** Starts a server whose certificate is not trusted; counts the requests that get through. */
export async function untrustedServer(): Promise<{ readonly url: string; readonly requests: () => number }> {
  let requests = 0;
  const server = createServer({ cert, key }, (_request, response) => {
    requests += 1;
    response.end('hello');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `https://localhost:${(server.address() as AddressInfo).port}`, requests: () => requests };
}
