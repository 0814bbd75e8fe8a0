// Writes traces as OTLP JSON. Times are milliseconds after the trace's start.

const value = (input) => {
  if (typeof input === 'string') return { stringValue: input };
  if (typeof input === 'boolean') return { boolValue: input };
  if (Array.isArray(input)) return { arrayValue: { values: input.map(value) } };
  if (Number.isInteger(input)) return { intValue: String(input) };
  return { doubleValue: input };
};
const attributes = (map = {}) => Object.entries(map).map(([key, input]) => ({ key, value: value(input) }));

const hex = (number, digits) => number.toString(16).padStart(digits, '0');
const kinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 };

/** A trace id that a test can write down: 32 digits that end in the number. */
export const traceId = (number) => `7a${hex(number, 30)}`;
export const spanId = (trace, number) => `5b${hex(trace, 6)}${hex(number, 8)}`;

/**
 * One trace. Each span: { id, parent, service, name, kind, at, for, error, message, attributes, events, links }; `parent` is an id
 * within the trace. Returns an OTLP request.
 */
export function traceRequest(number, startMillis, spans) {
  const nano = (millis) => String(BigInt(Math.round((startMillis + millis) * 1000)) * 1000n);
  const services = new Map();
  for (const span of spans) {
    const written = {
      traceId: traceId(number),
      spanId: spanId(number, span.id),
      ...(span.parent === undefined ? {} : { parentSpanId: spanId(number, span.parent) }),
      name: span.name,
      kind: kinds[span.kind ?? 'internal'],
      startTimeUnixNano: nano(span.at),
      endTimeUnixNano: nano(span.at + span.for),
      attributes: attributes(span.attributes),
      events: (span.events ?? []).map((event) => ({ timeUnixNano: nano(span.at + event.at), name: event.name, attributes: attributes(event.attributes) })),
      links: (span.links ?? []).map((link) => ({ traceId: traceId(link.trace ?? number), spanId: spanId(link.trace ?? number, link.span), attributes: attributes(link.attributes) })),
      status: span.error === true ? { code: 2, message: span.message ?? '' } : {},
    };
    if (!services.has(span.service)) services.set(span.service, []);
    services.get(span.service).push(written);
  }
  return {
    resourceSpans: [...services].map(([service, list]) => ({
      resource: { attributes: attributes({ 'service.name': service, 'service.version': '2.4.1', 'host.name': 'edge-01', 'process.pid': 4127 }) },
      scopeSpans: [{ scope: { name: `${service}.instrumentation`, version: '1.0.0' }, spans: list }],
    })),
  };
}

const dotnetStack = `System.OutOfMemoryException: KV cache needs 2.31 GiB
   at Hsi.Nemotron.KvCache.Reserve(Int64 bytes) in /src/KvCache.cs:line 118
   at Hsi.Nemotron.LlmSession.Prefill(Prompt prompt) in /src/LlmSession.cs:line 204
   at Hsi.Nemotron.RiskAnalyzer.InferAsync(Batch batch) in /src/RiskAnalyzer.cs:line 77
   at Microsoft.AspNetCore.Http.RequestDelegateFactory.ExecuteTask(Object obj)
   at Microsoft.AspNetCore.Routing.EndpointMiddleware.Invoke(HttpContext context)`;

/** An image's way through the pipeline, with a batch window that waits; `failure: true` makes the analysis run out of memory once. */
export function imageTrace(number, startMillis, { wait = 41200, llm = 560, detect = 150, failure = false, camera = 'front_door' } = {}) {
  const [B, Y, N] = ['hsi-backend', 'hsi-yolo26', 'hsi-nemotron'];
  const spans = [];
  const add = (span) => {
    spans.push({ id: spans.length + 1, ...span });
    return spans.length;
  };
  const root = add({ service: B, name: 'Process Detection', kind: 'server', at: 0, for: 36, attributes: { 'http.route': '/api/cameras/{camera}/images', 'camera.name': camera, 'image.size': 48213 } });
  const receive = add({ parent: root, service: B, name: 'receive_image', at: 1, for: 31, attributes: { 'camera.id': 'cam-1', 'camera.name': camera } });
  add({ parent: receive, service: B, name: 'decode_jpeg', at: 4, for: 12 });
  const call = add({ parent: root, service: B, name: 'detect_objects', kind: 'client', at: 38, for: detect + 110, attributes: { 'peer.service': Y } });
  const server = add({ parent: call, service: Y, name: 'detect_objects', kind: 'server', at: 42, for: detect + 102, attributes: { 'model.name': 'mb3-centernet', 'detection.count': 5, 'detection.classes': ['person', 'person', 'car'] } });
  add({ parent: server, service: Y, name: 'gpu_queue', at: 42, for: 96, attributes: { 'wait.kind': 'queue' } });
  add({ parent: server, service: Y, name: 'preprocess', at: 138, for: 10 });
  add({ parent: server, service: Y, name: 'inference', at: 148, for: detect - 20 });
  add({ parent: server, service: Y, name: 'postprocess', at: 130 + detect, for: 12 });
  let at = detect + 150;
  const join = add({ parent: root, service: B, name: 'batch_detection', at, for: 2.6, attributes: { 'batch.id': `b-${hex(number, 6)}`, 'batch.size': 7 } });
  at += 3;
  add({ parent: root, service: B, name: 'batch_wait', at, for: wait, attributes: { 'wait.kind': 'batch_window', 'batch.close_reason': 'idle', 'batch.id': `b-${hex(number, 6)}` } });
  at += wait;
  const length = llm + 60 + (failure ? 2220 : 0);
  const analysis = add({ parent: root, service: B, name: 'analyze_batch', kind: 'client', at, for: length, links: [{ span: join, attributes: { 'pipeline.wait_ms': wait } }], attributes: { 'batch.size': 7 } });
  add({ parent: analysis, service: B, name: 'db_query', kind: 'client', at: at + 2, for: 6.8, attributes: { 'db.system.name': 'sqlite', 'db.query.text': 'SELECT * FROM detections WHERE batch = ?' } });
  if (failure) {
    const http = add({ parent: analysis, service: B, name: 'http_request', kind: 'client', at: at + 12, for: 186, error: true, message: '503', attributes: { 'error.type': '503', 'retry.attempt': 0 } });
    const failed = add({ parent: http, service: N, name: 'analyze_batch', kind: 'server', at: at + 14, for: 182, error: true, message: 'out of memory' });
    add({ parent: failed, service: N, name: 'build_prompt', at: at + 16, for: 9.4 });
    add({
      parent: failed, service: N, name: 'llm_inference', at: at + 28, for: 164, error: true, message: 'KV cache needs 2.31 GiB for 7 images',
      attributes: { 'error.type': 'out_of_memory', 'gen_ai.system': 'nemotron', 'gen_ai.request.model': 'nemotron-nano-12b-v2-vl', 'gen_ai.usage.input_tokens': 2871, 'gen_ai.usage.output_tokens': 0, 'batch.id': `b-${hex(number, 6)}`, 'batch.size': 7, 'camera.name': camera, 'doc.url': 'https://example.com/oom', 'html.note': '<img src=x onerror=alert(1)>' },
      events: [
        { at: 0.6, name: 'gen_ai.user.message' },
        { at: 71.9, name: 'images_encoded', attributes: { count: 7, tokens: 2016 } },
        { at: 163.4, name: 'kv_cache_evict', attributes: { freed: 0 } },
        { at: 163.9, name: 'exception', attributes: { 'exception.type': 'out_of_memory', 'exception.message': 'KV cache needs 2.31 GiB for 7 images, 0.42 GiB of 24 GiB free on GPU 0', 'exception.stacktrace': dotnetStack } },
      ],
    });
    add({ parent: analysis, service: B, name: 'retry_backoff', at: at + 200, for: 2000, attributes: { 'wait.kind': 'backoff' } });
    at += 2200;
  }
  const http = add({ parent: analysis, service: B, name: 'http_request', kind: 'client', at: at + 14, for: llm + 40, attributes: { 'retry.attempt': failure ? 1 : 0 } });
  const answer = add({ parent: http, service: N, name: 'analyze_batch', kind: 'server', at: at + 16, for: llm + 34 });
  add({ parent: answer, service: N, name: 'build_prompt', at: at + 18, for: 8.8 });
  add({ parent: answer, service: N, name: 'llm_inference', at: at + 28, for: llm, attributes: { 'gen_ai.system': 'nemotron', 'gen_ai.usage.input_tokens': 2871, 'gen_ai.usage.output_tokens': 96 } });
  add({ parent: answer, service: N, name: 'parse_response', at: at + 30 + llm, for: 6 });
  const save = add({ parent: root, service: B, name: 'save_event', at: at + 64 + llm, for: 14, attributes: { 'risk.score': 0.82, 'risk.level': 'high', 'event.id': number } });
  add({ parent: save, service: B, name: 'db_query', kind: 'client', at: at + 66 + llm, for: 9, attributes: { 'db.system.name': 'sqlite' } });
  return traceRequest(number, startMillis, spans);
}

/** A short trace of two services. */
export function shortTrace(number, startMillis, { name = 'GET /api/events', millis = 47, error = null } = {}) {
  return traceRequest(number, startMillis, [
    { id: 1, service: 'hsi-frontend', name: `fetch ${name}`, kind: 'client', at: 0, for: millis },
    { id: 2, parent: 1, service: 'hsi-backend', name, kind: 'server', at: 2, for: millis - 5, ...(error === null ? {} : { error: true, message: error, attributes: { 'error.type': error } }) },
    { id: 3, parent: 2, service: 'hsi-backend', name: 'db_query', kind: 'client', at: 5, for: millis / 3 },
  ]);
}
