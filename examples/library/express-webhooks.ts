// Webhooks in an Express server of your own: the service reports the end of each prediction to
// PUBLIC_URL, which leads to `/hooks` here.
import express from 'express';
import { lastValueFrom } from 'rxjs';
import { images } from 'rxposure';
import { fetchWebhookSecret, webhookHandler } from 'rxposure/replicate';

const hooks = webhookHandler({ secret: await lastValueFrom(fetchWebhookSecret()) });
const app = express();
app.post('/hooks', express.raw({ type: '*/*', limit: '10mb' }), (request, response) => {
  const { prediction } = hooks.receive(request.headers, request.body, request.url);
  console.log('webhook:', prediction.status);
  response.sendStatus(204);
});
const server = app.listen(Number(process.env.PORT ?? 3000));

const { totals } = await images(['a red fox', 'an owl'], {
  model: 'black-forest-labs/flux-schnell',
  to: 'out/hooks',
  follow: hooks.predictionEvents(process.env.PUBLIC_URL ?? 'https://studio.example/hooks'),
});
console.log(`${totals.saved} saved`);
server.close();
