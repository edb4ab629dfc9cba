export { type Quality, qualityLevels, type UseCase, useCases } from '../types.ts';
export { type CogProviderConfig, createCogProvider } from './cog/cogProvider.ts';
export { createDownloader, type DownloaderConfig } from './downloads/downloader.ts';
export { type ErrorAnswer, errorAnswers } from './http/errorAnswers.ts';
export {
  createFunctionProvider,
  type FunctionProviderConfig,
  type MadeImage,
} from './own/functionProvider.ts';
export {
  type CatalogueModel,
  modelCatalogue,
  type SelectedModel,
  type SelectModelConfig,
  selectModel,
} from './prices/catalogue.ts';
export { costMicroUsd, describePrice, estimateMicroUsd } from './prices/cost.ts';
export {
  type HardwareName,
  hardwarePrices,
  type ModelPrice,
  priceTable,
  typicalDurationMs,
} from './prices/priceTable.ts';
export { createReplicateProvider, type ReplicateProviderConfig } from './replicate/replicateProvider.ts';
export { WebhookError } from './replicate/webhookBody.ts';
export {
  type ReceivedEvent,
  type WebhookHandler,
  type WebhookHandlerConfig,
  webhookHandler,
} from './replicate/webhookHandler.ts';
export { createWebhookReceiver, type WebhookReceiverConfig } from './replicate/webhookReceiver.ts';
export {
  createWebhookVerifier,
  fetchWebhookSecret,
  type SignatureCheck,
  type WebhookHeaders,
  type WebhookVerifier,
  type WebhookVerifierConfig,
} from './replicate/webhookSecret.ts';
export { parseModelSchema } from './wire/modelSchema.ts';
export { outputUrls, predictionError } from './wire/output.ts';
export { type ParsePredictionConfig, parsePrediction } from './wire/prediction.ts';
