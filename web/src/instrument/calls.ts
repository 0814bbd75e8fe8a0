import { SpanKind, SpanStatusCode, trace, type Context, type Span, type TextMapPropagator, type Tracer } from '@opentelemetry/api';
import { callOf, isTracedCall, templateOf } from '../model/pageCalls';
import { instant } from './clock';
import type { Visit, Visits } from './visits';

/** The browser tells when a body has come; of one that breaks off it may not. */
const patienceMillis = 30_000;

const phases = ['fetchStart', 'domainLookupStart', 'domainLookupEnd', 'connectStart', 'secureConnectionStart', 'connectEnd', 'requestStart', 'responseStart', 'responseEnd'] as const;

/** What the browser tells of a call's way through the network. */
function tellPhases(span: Span, timing: PerformanceResourceTiming): void {
  for (const phase of phases) if (timing[phase] > 0) span.addEvent(phase, instant(timing[phase]));
  if (timing.encodedBodySize > 0) span.setAttribute('http.response.body.size', timing.encodedBodySize);
}

interface Call {
  readonly url: string;
  readonly start: number;
  readonly span: Span;
  readonly visit: Visit;
  timing: PerformanceResourceTiming | null;
  answered: number | null;
  patience: ReturnType<typeof setTimeout> | undefined;
}

/**
 * The page's calls of its server as client spans, with `traceparent`. They last until the body has come, by the browser's own timings: OpenTelemetry's instrumentation of fetch reads a copy of every body to know that, and
 * rounds the end to milliseconds.
 */
export class Calls {
  readonly #tracer: Tracer;
  readonly #visits: Visits;
  readonly #propagator: TextMapPropagator;
  readonly #plain: typeof fetch;
  readonly #began = performance.now();
  readonly #open: Call[] = [];
  #first: { readonly visit: Visit; readonly since: number } | null = null;

  constructor(tracer: Tracer, visits: Visits, propagator: TextMapPropagator, plain: typeof fetch) {
    this.#tracer = tracer;
    this.#visits = visits;
    this.#propagator = propagator;
    this.#plain = plain;
  }

  /** Stands in for the browser's own. What nobody waits for, and what is not for this server's APIs, is passed on as it is. */
  readonly fetch = (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : input, location.href);
    const now = performance.now();
    const visit = isTracedCall(url, location.origin) ? this.#visits.forCall(now) : null;
    if (visit === null) return this.#plain(input, init);
    const method = init?.method ?? (input instanceof Request ? input.method : 'GET');
    const call = this.#begin(url, method, visit, now);
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
    this.#propagator.inject(trace.setSpan(visit.context, call.span), headers, { set: (carrier, key, value) => carrier.set(key, value) });
    return this.#follow(call, this.#plain(input, { ...init, headers }), init?.signal ?? null);
  };

  /** Timings of the browser, for the calls that they are of. */
  see(timings: readonly PerformanceEntry[]): void {
    for (const timing of timings) {
      if (!(timing instanceof PerformanceResourceTiming)) continue;
      const call = callOf(this.#open.filter(({ timing: known }) => known === null), timing);
      if (call === undefined) {
        this.#early(timing);
        continue;
      }
      call.timing = timing;
      if (call.answered !== null) this.#end(call, timing.responseEnd);
    }
  }

  /** Calls of the first screen that had begun before this script came are part of it; those that ended before `since` are known as resources of the document. */
  join(visit: Visit, since: number): void {
    this.#first = { visit, since };
  }

  #early(timing: PerformanceResourceTiming): void {
    const first = this.#first;
    if (first === null || timing.initiatorType !== 'fetch' || timing.startTime >= this.#began || timing.responseEnd <= first.since) return;
    const url = new URL(timing.name, location.href);
    if (!isTracedCall(url, location.origin)) return;
    const span = this.#span(url, 'GET', timing.startTime, first.visit.context);
    if (timing.responseStatus > 0) this.#answered(span, timing.responseStatus);
    tellPhases(span, timing);
    span.end(instant(timing.responseEnd));
    this.#visits.passed(first.visit, timing.responseEnd);
  }

  #begin(url: URL, method: string, visit: Visit, now: number): Call {
    const call: Call = { url: url.href, start: now, span: this.#span(url, method.toUpperCase(), now, visit.context), visit, timing: null, answered: null, patience: undefined };
    this.#open.push(call);
    this.#visits.callBegan(visit);
    return call;
  }

  #span(url: URL, method: string, start: number, parent: Context): Span {
    const template = templateOf(url.pathname);
    const attributes = { 'http.request.method': method, 'url.full': url.href, 'url.template': template, 'server.address': url.hostname, 'server.port': Number(url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port) };
    return this.#tracer.startSpan(`${method} ${template}`, { kind: SpanKind.CLIENT, startTime: instant(start), attributes }, parent);
  }

  async #follow(call: Call, answer: Promise<Response>, signal: AbortSignal | null): Promise<Response> {
    let response: Response;
    try {
      response = await answer;
    } catch (cause) {
      this.#fail(call, cause, signal?.aborted === true);
      throw cause;
    }
    const now = performance.now();
    call.answered = now;
    this.#answered(call.span, response.status);
    if (call.timing !== null) this.#end(call, call.timing.responseEnd);
    else {
      signal?.addEventListener('abort', () => this.#fail(call, signal.reason, true), { once: true });
      call.patience = setTimeout(() => this.#end(call, now), patienceMillis);
    }
    return response;
  }

  #answered(span: Span, status: number): void {
    span.setAttribute('http.response.status_code', status);
    if (status < 400) return;
    span.setAttribute('error.type', String(status));
    span.setStatus({ code: SpanStatusCode.ERROR });
  }

  /** What the user moved on from is no error. */
  #fail(call: Call, cause: unknown, cancelled: boolean): void {
    if (!this.#open.includes(call)) return;
    if (cancelled) call.span.setAttribute('page.cancelled', true);
    else {
      const name = cause instanceof Error ? cause.name : 'unreachable';
      call.span.setAttribute('error.type', name);
      call.span.setStatus({ code: SpanStatusCode.ERROR, message: cause instanceof Error ? cause.message : String(cause) });
    }
    this.#end(call, performance.now());
  }

  #end(call: Call, at: number): void {
    const index = this.#open.indexOf(call);
    if (index < 0) return;
    this.#open.splice(index, 1);
    clearTimeout(call.patience);
    if (call.timing !== null) tellPhases(call.span, call.timing);
    call.span.end(instant(at));
    this.#visits.callEnded(call.visit, at);
  }
}
