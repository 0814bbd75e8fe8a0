import type { UnixNano } from './nano';
import { warning, type SpanColumns } from './spanTree';
import type { TraceParts } from './trace';

/** A span is sent when it ends; so long after the last one ended its caller may be running still. */
export const mayBeRunning = 60e9;

/** OTLP's numbers of the ends of calls that are answered elsewhere: their callers are other services. */
const [server, consumer] = [2, 5];
const name = 'still running';

const ended = ({ start, duration }: SpanColumns): number => start.reduce((last, from, row) => Math.max(last, from + (duration[row] ?? 0)), 0);

const extended = <T extends Int32Array | Float64Array | Uint8Array>(make: (length: number) => T, of: T, more: readonly number[]): T => {
  const all = make(of.length + more.length);
  all.set(of);
  all.set(more, of.length);
  return all;
};

/**
 * The trace with a row for each span that others name as their parent and that has not come: from the first of these to the moment at which the trace was read. Null when nothing is missing, when the last span
 * ended too long ago for its caller to be running, or when only a part of the trace is here.
 */
export function withRunning(parts: TraceParts, readAt: UnixNano): TraceParts | null {
  const { columns, orphans = [] } = parts;
  if (orphans.length === 0 || parts.excerpt !== null || parts.truncated !== null) return null;
  const last = ended(columns);
  const now = Number(readAt - parts.start);
  if (now - last >= mayBeRunning) return null;
  const byParent = new Map<string, number[]>();
  for (const { row, parentSpanId } of orphans) {
    const rows = byParent.get(parentSpanId);
    if (rows === undefined) byParent.set(parentSpanId, [row]);
    else rows.push(row);
  }
  const count = columns.spanId.length;
  const parent = columns.parent.slice();
  const services = [...parts.services];
  let nameless = -1;
  const serviceFor = (child: number): number => {
    const kind = columns.kind[child] ?? 0;
    if (kind !== server && kind !== consumer) return columns.service[child] ?? 0;
    if (nameless < 0) nameless = services.push('') - 1;
    return nameless;
  };
  const added = [...byParent].map(([spanId, rows], index) => {
    const [first = 0] = rows.toSorted((a, b) => (columns.start[a] ?? 0) - (columns.start[b] ?? 0));
    for (const row of rows) parent[row] = count + index;
    const from = columns.start[first] ?? 0;
    return { spanId, from, length: Math.max(now, last, from) - from, service: serviceFor(first) };
  });
  const none = added.map(() => 0);
  const [int32, float64, uint8] = [(length: number) => new Int32Array(length), (length: number) => new Float64Array(length), (length: number) => new Uint8Array(length)];
  return {
    ...parts,
    services,
    names: [...parts.names, name],
    orphans: [],
    columns: {
      spanId: [...columns.spanId, ...added.map(({ spanId }) => spanId)],
      parent: extended(int32, parent, added.map(() => -1)),
      service: extended(int32, columns.service, added.map(({ service }) => service)),
      name: extended(int32, columns.name, added.map(() => parts.names.length)),
      start: extended(float64, columns.start, added.map(({ from }) => from)),
      duration: extended(float64, columns.duration, added.map(({ length }) => length)),
      kind: extended(uint8, columns.kind, none),
      status: extended(uint8, columns.status, none),
      error: extended(uint8, columns.error, none),
      events: extended(int32, columns.events, none),
      links: extended(int32, columns.links, none),
      wait: extended(int32, columns.wait, added.map(() => -1)),
      label: extended(int32, columns.label, added.map(() => -1)),
      warnings: extended(int32, columns.warnings, added.map(() => warning.running)),
      omitted: null,
    },
  };
}
