import { queryOptions } from '@tanstack/react-query';
import type { Shape } from '../model/shape';
import { shapes as schema } from './chartWire';
import { getJson } from './http';

/** Ids that the server takes at once. */
const most = 100;
/** How long ids are gathered: rows that come into view together are asked for together, and those that only pass by are not. */
const gatherMillis = 60;

interface Wanted {
  readonly traceId: string;
  readonly signal: AbortSignal;
  readonly resolve: (shape: Shape) => void;
  readonly reject: (cause: unknown) => void;
}

let wanted: Wanted[] = [];

async function fetchBatch(batch: readonly Wanted[]): Promise<void> {
  const abort = new AbortController();
  // The request goes on while anyone still wants one of its shapes.
  const left = (): void => {
    if (batch.every(({ signal }) => signal.aborted)) abort.abort();
  };
  for (const { signal } of batch) signal.addEventListener('abort', left, { once: true });
  try {
    const ids = [...new Set(batch.map(({ traceId }) => traceId))];
    const found = await getJson(`/api/v1/traces/shapes?${new URLSearchParams(ids.map((id) => ['id', id])).toString()}`, schema, abort.signal);
    for (const { traceId, resolve } of batch) resolve(found.byTrace.get(traceId) ?? null);
  } catch (cause) {
    for (const { reject } of batch) reject(cause);
  } finally {
    for (const { signal } of batch) signal.removeEventListener('abort', left);
  }
}

function send(): void {
  const all = wanted.filter(({ signal }) => !signal.aborted);
  wanted = [];
  for (let at = 0; at < all.length; at += most) void fetchBatch(all.slice(at, at + most));
}

const load = (traceId: string, signal: AbortSignal): Promise<Shape> =>
  new Promise((resolve, reject) => {
    if (wanted.length === 0) setTimeout(send, gatherMillis);
    wanted.push({ traceId, signal, resolve, reject });
  });

/** A trace's shape. Asked for again when the trace has grown. */
export const shapeQuery = (traceId: string, spans: number) =>
  queryOptions({
    queryKey: ['shape', traceId, spans],
    queryFn: ({ signal }): Promise<Shape> => load(traceId, signal),
    staleTime: Infinity,
    structuralSharing: false,
  });
