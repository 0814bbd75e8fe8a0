import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { DocumentLoadInstrumentation } from '@opentelemetry/instrumentation-document-load';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { ParentBasedSampler, WebTracerProvider } from '@opentelemetry/sdk-trace-web';
import { templateOf } from '../model/pageCalls';
import type { PageTraces } from '../model/server';
import { Calls } from './calls';
import { watchErrors } from './errors';
import { ExportQueue } from './queue';
import { ShareSampler } from './sampler';
import { Visits } from './visits';

const service = 'hsi-frontend';

/** Sixteen bytes in hex. `crypto.randomUUID` is only there over https and on this machine. */
const newId = (): string => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

function provide({ path, rate }: PageTraces, version: string): { readonly provider: WebTracerProvider; readonly queue: ExportQueue } {
  const queue = new ExportQueue(new OTLPTraceExporter({ url: path }));
  const resource = defaultResource().merge(
    resourceFromAttributes({ 'service.name': service, 'service.version': version, 'service.instance.id': newId(), 'user_agent.original': navigator.userAgent, 'browser.language': navigator.language }),
  );
  return { queue, provider: new WebTracerProvider({ resource, sampler: new ParentBasedSampler({ root: new ShareSampler(rate) }), spanProcessors: [queue] }) };
}

/** Notices when the page goes to another screen. */
function watchNavigation(visits: Visits): void {
  let here = location.pathname;
  const go = (to: string, kind: string): void => {
    if (to === here) return;
    visits.navigate(here, to, kind, performance.now());
    here = to;
  };
  for (const name of ['pushState', 'replaceState'] as const) {
    const original = history[name].bind(history);
    history[name] = (data: unknown, unused: string, url?: string | URL | null) => {
      // Before the screens hear of it, so that their calls are part of it.
      if (url != null) go(new URL(url, location.href).pathname, name === 'pushState' ? 'push' : 'replace');
      original(data, unused, url);
    };
  }
  addEventListener('popstate', () => go(location.pathname, 'traverse'), { capture: true });
  for (const type of ['click', 'keydown', 'change']) addEventListener(type, (event) => event.isTrusted && visits.input(type, event.timeStamp), { capture: true, passive: true });
}

/** The load of the document, and below it the first screen until it has what it shows. */
function watchLoad(provider: WebTracerProvider, visits: Visits, calls: Calls): void {
  const load = new DocumentLoadInstrumentation({
    enabled: false,
    applyCustomAttributesOnSpan: {
      documentLoad: (span) => {
        // Who has gone on to another screen by now does not wait for the first one.
        if (visits.isOpen) return;
        const now = performance.now();
        calls.join(visits.begin(`first screen ${templateOf(location.pathname)}`, { 'url.path': location.pathname }, now, trace.setSpan(ROOT_CONTEXT, span)), now);
      },
    },
  });
  load.setTracerProvider(provider);
  load.enable();
}

/** Begins to trace this page: its load, its screens, its calls and its errors. Called once. `busy` is whether it waits for data. */
export function start(traces: PageTraces, version: string, busy: () => boolean): void {
  const { provider, queue } = provide(traces, version);
  const propagator = new W3CTraceContextPropagator();
  provider.register({ propagator });
  const tracer = provider.getTracer('throughline-page', version);
  const visits = new Visits(tracer, () => queue.lost, busy);
  const calls = new Calls(tracer, visits, propagator, globalThis.fetch.bind(globalThis));
  new PerformanceObserver((list) => calls.see(list.getEntries())).observe({ type: 'resource' });
  globalThis.fetch = calls.fetch;
  watchNavigation(visits);
  watchErrors(tracer, visits);
  watchLoad(provider, visits, calls);
  addEventListener('pagehide', () => {
    visits.end('page left');
    queue.sendAll();
  });
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && queue.sendAll());
}
