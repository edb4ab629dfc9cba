export { type TelemetryConfig, toTelemetry } from './toTelemetry.ts';
