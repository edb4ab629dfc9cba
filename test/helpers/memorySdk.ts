import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** OpenTelemetry's SDK, which keeps everything in memory. */
export function memorySdk() {
  const spanExporter = new InMemorySpanExporter();
  let started = 0;
  let mostOpen = 0;
  const openNow = () => started - spanExporter.getFinishedSpans().length;
  const counting = {
    onStart: () => {
      started += 1;
      mostOpen = Math.max(mostOpen, openNow());
    },
    onEnd: () => {},
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const traces = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(spanExporter), counting],
  });
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const meters = new MeterProvider({
    readers: [
      new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 3_600_000 }),
    ],
  });
  return {
    tracer: traces.getTracer('test'),
    meter: meters.getMeter('test'),
    spans: (): ReadableSpan[] => spanExporter.getFinishedSpans(),
    openNow,
    mostOpen: () => mostOpen,
    /** Each metric with its points: attributes and value, a histogram's as count and sum. */
    async metrics() {
      await meters.forceFlush();
      const all =
        metricExporter
          .getMetrics()
          .at(-1)
          ?.scopeMetrics.flatMap(({ metrics }) => metrics) ?? [];
      return Object.fromEntries(
        all.map(({ descriptor, dataPoints }) => [
          descriptor.name,
          dataPoints.map(({ attributes, value }) => ({
            ...attributes,
            value: typeof value === 'number' ? value : [value.count, 'sum' in value ? value.sum : null],
          })),
        ]),
      );
    },
    close: () => Promise.all([traces.shutdown(), meters.shutdown()]),
  };
}
