// Sends spans by the official OpenTelemetry SDK and prints what it sent as JSON, taken from the SDK's own span objects before any of them was encoded.
// usage: node emit.mjs PROTOCOL ENDPOINT COMPRESSION      PROTOCOL: proto, json or grpc; COMPRESSION: none or gzip
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, createTraceState, trace } from '@opentelemetry/api';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';

const [protocol, endpoint, compressionName] = process.argv.slice(2);
const compression = compressionName === 'gzip' ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE;
const exporters = {
  proto: () => new ProtoExporter({ url: `${endpoint}/v1/traces`, compression }),
  json: () => new JsonExporter({ url: `${endpoint}/v1/traces`, compression }),
  grpc: () => new GrpcExporter({ url: endpoint, compression }),
};

const sent = new InMemorySpanExporter();
const failures = [];
const providers = [];

/** An exporter's own verdict on each batch, which the SDK otherwise keeps to itself. */
function watched(exporter) {
  return {
    export: (spans, done) => exporter.export(spans, (result) => {
      if (result.code !== 0) failures.push(String(result.error ?? 'the export failed'));
      done(result);
    }),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}

function tracer(service) {
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.version': '1.2.3', 'host.cpus': 4 }),
    spanProcessors: [
      new SimpleSpanProcessor(sent),
      new BatchSpanProcessor(watched(exporters[protocol]()), { maxQueueSize: 10_000, maxExportBatchSize: 64, scheduledDelayMillis: 20 }),
    ],
  });
  providers.push(provider);
  return provider.getTracer('warehouse', '0.9.0');
}

const [orders, stock, mail] = ['orders', 'stock', 'mail'].map(tracer);
const at = (milliseconds) => 1_795_219_200_000 + milliseconds;

for (let i = 0; i < 40; i++) {
  const begin = i * 1000;
  const order = orders.startSpan('POST /orders', {
    kind: SpanKind.SERVER,
    startTime: at(begin),
    attributes: { 'http.request.method': 'POST', 'order.total': 12.5 + i, 'order.items': i, 'order.gift': i % 2 === 0, 'order.labels': ['a', 'bé', '\u{1F4E6}'], 'order.weights': [1, 2.5] },
  }, ROOT_CONTEXT);
  const inOrder = trace.setSpan(ROOT_CONTEXT, order);
  order.addEvent('accepted', { position: i, 'queue.names': ['fast'] }, at(begin + 1));

  // The way into another service: its parent is remote and carries trace state.
  const remote = trace.setSpanContext(ROOT_CONTEXT, {
    ...order.spanContext(), isRemote: true, traceFlags: TraceFlags.SAMPLED, traceState: createTraceState('shop=7'),
  });
  const reserve = stock.startSpan('reserve', { kind: SpanKind.CONSUMER, startTime: at(begin + 2) }, remote);
  if (i % 4 === 0) {
    const error = new RangeError(`nothing left of item ${i}`);
    reserve.recordException(error, at(begin + 8));
    reserve.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  } else {
    reserve.setStatus({ code: SpanStatusCode.OK });
  }
  reserve.end(at(begin + 9));

  // A trace of its own that is tied to the order by a link.
  const letter = mail.startSpan('send letter', {
    kind: SpanKind.PRODUCER,
    startTime: at(begin + 10),
    root: true,
    links: [{ context: order.spanContext(), attributes: { reason: 'order' } }, { context: reserve.spanContext() }],
  }, ROOT_CONTEXT);
  letter.end(at(begin + 30));
  orders.startSpan('store', { startTime: at(begin + 10) }, inOrder).end(at(begin + 12));
  order.end(at(begin + 40));
}

// Shutting down empties the exporter in memory.
const finished = [...sent.getFinishedSpans()];
for (const provider of providers) await provider.shutdown().catch((error) => failures.push(String(error)));

const nano = ([seconds, nanos]) => String(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
const spans = finished.map((span) => ({
  traceId: span.spanContext().traceId,
  spanId: span.spanContext().spanId,
  parentSpanId: span.parentSpanContext?.spanId ?? null,
  traceState: span.spanContext().traceState?.serialize() ?? '',
  name: span.name,
  kind: SpanKind[span.kind].toLowerCase(),
  startUnixNano: nano(span.startTime),
  endUnixNano: nano(span.endTime),
  status: { code: SpanStatusCode[span.status.code].toLowerCase(), message: span.status.message ?? '' },
  attributes: span.attributes,
  events: span.events.map((event) => ({ timeUnixNano: nano(event.time), name: event.name, attributes: event.attributes ?? {} })),
  links: span.links.map((link) => ({ traceId: link.context.traceId, spanId: link.context.spanId, attributes: link.attributes ?? {} })),
  resource: span.resource.attributes,
  scope: { name: span.instrumentationScope.name, version: span.instrumentationScope.version ?? '' },
}));
console.log(JSON.stringify({ failures, spans }));
