// Sends log records by the official OpenTelemetry SDK and prints what it sent as JSON, taken from the SDK's own records before any of them was encoded.
// usage: node emit-logs.mjs PROTOCOL ENDPOINT COMPRESSION      PROTOCOL: proto, json or grpc; COMPRESSION: none or gzip
import { ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { OTLPLogExporter as GrpcExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtoExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';

const [protocol, endpoint, compressionName] = process.argv.slice(2);
const compression = compressionName === 'gzip' ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE;
const exporters = {
  proto: () => new ProtoExporter({ url: `${endpoint}/v1/logs`, compression }),
  json: () => new JsonExporter({ url: `${endpoint}/v1/logs`, compression }),
  grpc: () => new GrpcExporter({ url: endpoint, compression }),
};
const failures = [];
const exporter = exporters[protocol]();
const watched = {
  export: (records, done) => exporter.export(records, (result) => {
    if (result.code !== 0) failures.push(String(result.error ?? 'the export failed'));
    done(result);
  }),
  shutdown: () => exporter.shutdown(),
  forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
};
const sent = new InMemoryLogRecordExporter();
const provider = new LoggerProvider({
  resource: resourceFromAttributes({ 'service.name': 'orders', 'host.cpus': 4 }),
  processors: [new SimpleLogRecordProcessor({ exporter: sent }), new BatchLogRecordProcessor({ exporter: watched, maxQueueSize: 10_000, maxExportBatchSize: 64, scheduledDelayMillis: 20 })],
});
const logger = provider.getLogger('warehouse', '0.9.0');

const hex = (number, digits) => number.toString(16).padStart(digits, '0');
const severities = [SeverityNumber.DEBUG, SeverityNumber.INFO, SeverityNumber.WARN, SeverityNumber.ERROR4, SeverityNumber.FATAL, undefined];
const bodies = [(i) => `order ${i} \u{1F4E6} accepted`, (i) => i, (i) => i % 2 === 0, (i) => i + 0.5, (i) => ({ order: i, state: { paid: true }, labels: ['a', 'bé'] }), (i) => ['x', i]];
for (let i = 0; i < 120; i++) {
  const span = { traceId: hex(i + 1, 32), spanId: hex(i + 1, 16), traceFlags: TraceFlags.SAMPLED };
  logger.emit({
    timestamp: 1_795_219_200_000 + i * 10,
    severityNumber: severities[i % severities.length],
    severityText: i % 6 === 5 ? undefined : `S${i % 6}`,
    body: bodies[i % bodies.length](i),
    attributes: { 'order.id': i, 'order.gift': i % 2 === 0, 'order.labels': ['a', 'bé'], 'camera.name': 'front_door' },
    ...(i % 4 === 0 ? { eventName: 'order.accepted' } : {}),
    context: i % 3 === 0 ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, span),
  });
}
await provider.forceFlush();

const nano = ([seconds, nanos]) => String(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
console.log(
  JSON.stringify({
    failures,
    records: sent.getFinishedLogRecords().map((record) => ({
      timeUnixNano: nano(record.hrTime),
      observedUnixNano: nano(record.hrTimeObserved),
      severityNumber: record.severityNumber ?? 0,
      severityText: record.severityText ?? '',
      body: record.body,
      eventName: record.eventName ?? '',
      traceId: record.spanContext?.traceId ?? null,
      spanId: record.spanContext?.spanId ?? null,
      attributes: record.attributes,
      scope: record.instrumentationScope.name,
      service: record.resource.attributes['service.name'],
    })),
  }),
);
await provider.shutdown();
