import type { Attribute } from './attribute';
import type { DurationNano, UnixNano } from './nano';
import type { Total } from './summary';

export interface SpanEvent {
  readonly time: UnixNano;
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributes: number;
}

export interface SpanDetailLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly attributes: readonly Attribute[];
}

export interface SpanOrigin {
  readonly attributes: readonly Attribute[];
  readonly droppedAttributes: number;
  readonly schemaUrl: string;
}

export interface SpanScope extends SpanOrigin {
  readonly name: string;
  readonly version: string;
}

export interface SpanWarning {
  readonly code: string;
  readonly message: string;
}

/** Everything that OTLP said about a span. */
export interface SpanDetail {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly traceState: string;
  readonly flags: number;
  readonly name: string;
  readonly kind: string;
  readonly start: UnixNano;
  readonly end: UnixNano;
  readonly duration: DurationNano;
  readonly status: { readonly code: string; readonly message: string };
  readonly service: string;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributes: number;
  readonly events: readonly SpanEvent[];
  readonly droppedEvents: number;
  readonly links: readonly SpanDetailLink[];
  readonly droppedLinks: number;
  readonly resource: SpanOrigin;
  readonly scope: SpanScope;
  readonly warnings: readonly SpanWarning[];
}

/** A span of another trace that links here. */
export interface LinkingSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly service: string;
  readonly name: string;
  readonly start: UnixNano;
  readonly toSpanId: string;
}

export interface LinkedFrom {
  readonly links: readonly LinkingSpan[];
  /** How many other traces link here; of all but the newest the links are left out. */
  readonly traces: Total;
  readonly truncated: string | null;
}

/** What to look at for a warning; the warning itself says only what is so. */
export function adviceFor(code: string): string | null {
  switch (code) {
    case 'end_before_start':
      return 'The sender wrote an end before the start. Look for a clock that was set back, or for times taken from two clocks.';
    case 'parent_missing':
      return 'Check that the service of the parent exports to this server, that it does not sample differently, and that it was shut down with a flush.';
    case 'cycle':
      return 'Span ids refer to each other in a circle. Look for code that reuses or copies span ids.';
    case 'shared_id':
      return 'Two spans carry this id with different content. Zipkin’s shared spans do so on purpose; otherwise look for a copied context.';
    case 'starts_before_parent':
      return 'Clocks may disagree: compare the NTP offsets of the two services. Within one service, look for a start that was set by hand.';
    case 'invalid_utf8':
      return 'A text was not valid UTF-8 and was mended with replacement characters. Look for bytes put into a string attribute.';
    default:
      return null;
  }
}
