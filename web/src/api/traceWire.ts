import * as z from 'zod/mini';
import { causes } from './processWire';
import { makeTrace } from '../model/trace';
import { summary, time } from './wire';

/** Columns are checked and copied in one pass each: a schema an element would cost more than all the rest for 100,000 spans. */
function numbers<T extends { [row: number]: number; readonly length: number }>(make: (length: number) => T) {
  return z.pipe(
    z.unknown(),
    z.transform((input: unknown, context): T => {
      const wrong = (message: string): T => {
        context.issues.push({ code: 'custom', message, input });
        return make(0);
      };
      if (!Array.isArray(input)) return wrong('expected an array of numbers');
      const column = make(input.length);
      for (let row = 0; row < input.length; row++) {
        const value: unknown = input[row];
        if (typeof value !== 'number') return wrong(`expected a number at row ${row}`);
        column[row] = value;
      }
      return column;
    }),
  );
}

const isText = (value: unknown): value is string => typeof value === 'string';
const texts = z.pipe(
  z.unknown(),
  z.transform((input: unknown, context): readonly string[] => {
    if (Array.isArray(input) && input.every(isText)) return input;
    context.issues.push({ code: 'custom', message: 'expected an array of texts', input });
    return [];
  }),
);
const int32 = numbers((length) => new Int32Array(length));
const uint8 = numbers((length) => new Uint8Array(length));
const float64 = numbers((length) => new Float64Array(length));

const amount = z.nullable(z.number());

const columns = z
  .object({
    spanId: texts,
    parent: int32,
    service: int32,
    name: int32,
    start: float64,
    duration: float64,
    kind: uint8,
    status: uint8,
    error: uint8,
    events: int32,
    links: int32,
    wait: int32,
    label: int32,
    warnings: int32,
    omitted: z.optional(int32),
  })
  .check(z.refine((all) => Object.values(all).every((column) => column === undefined || column.length === all.spanId.length), 'columns differ in length'));

export const trace = z.pipe(
  z.object({
    traceId: z.string(),
    startUnixNano: time,
    summary,
    services: texts,
    names: texts,
    texts,
    columns,
    links: z.array(z.object({ row: z.number(), traceId: z.string(), spanId: z.string(), toRow: z.number() })),
    orphans: z.optional(z.array(z.object({ row: z.number(), parentSpanId: z.string() }))),
    generations: z.optional(z.array(z.pipe(z.object({ row: z.number(), model: z.nullable(z.string()), inputTokens: amount, outputTokens: amount, firstTokenNano: amount }), z.transform(({ firstTokenNano, ...rest }) => ({ ...rest, firstToken: firstTokenNano }))))),
    excerpt: z.nullable(z.object({ spans: z.number(), omittedRoots: z.number() })),
    sampling: z.array(z.object({ service: z.number(), share: z.number(), spans: z.number() })),
    dropped: z.optional(causes),
    truncated: z.nullable(z.object({ reason: z.string(), message: z.string() })),
  }),
  z.transform(({ startUnixNano, truncated, columns: { omitted, ...loaded }, ...rest }) => makeTrace({ ...rest, columns: { ...loaded, omitted: omitted ?? null }, start: startUnixNano, truncated: truncated === null ? null : truncated.message })),
);
