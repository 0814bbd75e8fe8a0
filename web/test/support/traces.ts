import { durationNano, unixNano } from '../../src/model/nano';
import type { SpanColumns } from '../../src/model/spanTree';
import { makeTrace, type Trace } from '../../src/model/trace';

export interface Row {
  readonly parent?: number;
  readonly service?: string;
  readonly name?: string;
  readonly start: number;
  readonly duration: number;
  readonly error?: string | true;
  readonly wait?: string;
  /** What the server says beside the bar of a wait. */
  readonly detail?: string;
  readonly warnings?: number;
  /** Descendants that were not loaded. */
  readonly omitted?: number;
  /** OTLP's number; 1, internal, when it is not said. */
  readonly kind?: number;
}

export interface Options {
  readonly waiting?: number;
  readonly orphans?: number;
  readonly root?: boolean;
  readonly links?: Trace['links'];
  readonly excerpt?: Trace['excerpt'];
  readonly truncated?: string | null;
  readonly sampling?: Trace['sampling'];
  readonly dropped?: Trace['dropped'];
}

/** Columns of spans as the server sends them; times in nanoseconds. */
export function columnsOf(rows: readonly Row[]): { readonly columns: SpanColumns; readonly services: readonly string[]; readonly names: readonly string[]; readonly texts: readonly string[] } {
  const services = [...new Set(rows.map((row) => row.service ?? 'backend'))];
  const names = [...new Set(rows.map((row) => row.name ?? 'work'))];
  const texts = [...new Set(rows.flatMap((row) => [row.wait ?? '', row.detail ?? '', typeof row.error === 'string' ? row.error : ''].filter((text) => text !== '')))];
  const int = (of: (row: Row) => number): Int32Array => Int32Array.from(rows, of);
  const byte = (of: (row: Row) => number): Uint8Array => Uint8Array.from(rows, of);
  return {
    services,
    names,
    texts,
    columns: {
      spanId: rows.map((_, index) => index.toString(16).padStart(16, '0')),
      parent: int((row) => row.parent ?? -1),
      service: int((row) => services.indexOf(row.service ?? 'backend')),
      name: int((row) => names.indexOf(row.name ?? 'work')),
      start: Float64Array.from(rows, (row) => row.start),
      duration: Float64Array.from(rows, (row) => row.duration),
      kind: byte((row) => row.kind ?? 1),
      status: byte((row) => (row.error === undefined ? 0 : 2)),
      error: byte((row) => (row.error === undefined ? 0 : 1)),
      events: int(() => 0),
      links: int(() => 0),
      wait: int((row) => (row.wait === undefined ? -1 : texts.indexOf(row.wait))),
      label: int((row) => texts.indexOf(typeof row.error === 'string' ? row.error : (row.detail ?? ''))),
      warnings: int((row) => row.warnings ?? 0),
      omitted: rows.some((row) => row.omitted !== undefined) ? int((row) => row.omitted ?? 0) : null,
    },
  };
}

export function traceOf(rows: readonly Row[], { waiting = 0, orphans = 0, root = true, links = [], excerpt = null, truncated = null, sampling = [], dropped = [] }: Options = {}): Trace {
  const { columns, services, names, texts } = columnsOf(rows);
  const end = rows.reduce((last, row) => Math.max(last, row.start + row.duration), 0);
  const first = { service: services[0] ?? '', name: names[0] ?? '' };
  return makeTrace({
    traceId: '0'.repeat(31) + '1',
    start: unixNano(1_795_219_200_000_000_000n),
    services,
    names,
    texts,
    columns,
    links,
    excerpt,
    sampling,
    dropped,
    truncated,
    summary: {
      traceId: '0'.repeat(31) + '1',
      root: root ? first : null,
      first,
      start: unixNano(1_795_219_200_000_000_000n),
      duration: durationNano(BigInt(end)),
      waiting: durationNano(BigInt(waiting)),
      spans: rows.length,
      errors: rows.filter((row) => row.error !== undefined).length,
      orphans,
      errorType: null,
      services: services.map((name) => ({ name, spans: rows.filter((row) => (row.service ?? 'backend') === name).length, errors: 0 })),
    },
  });
}

export const ms = 1_000_000;
