import { SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { atMost, templateOf } from '../model/pageCalls';
import { instant } from './clock';
import type { Visits } from './visits';

const perMinute = 20;

/** Errors that nobody caught, as spans with the exception; in the visit in which they happened. */
export function watchErrors(tracer: Tracer, visits: Visits): void {
  const may = atMost(perMinute);
  let untold = 0;
  const tell = (kind: string, cause: unknown): void => {
    const now = performance.now();
    if (!may(now)) {
      untold++;
      return;
    }
    const error = cause instanceof Error ? cause : new Error(String(cause));
    const span = tracer.startSpan('page error', { startTime: instant(now), attributes: { 'error.type': error.name, 'page.error_kind': kind, 'url.path': location.pathname, 'page.screen': templateOf(location.pathname) } }, visits.context);
    if (untold > 0) span.setAttribute('page.errors_untold', untold);
    untold = 0;
    span.recordException(error, instant(now));
    span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    span.end(instant(now));
  };
  addEventListener('error', (event) => tell('uncaught', event.error ?? event.message));
  addEventListener('unhandledrejection', (event) => tell('unhandled rejection', event.reason));
}
