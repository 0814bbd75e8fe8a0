import { describe, expect, it } from 'vitest';
import type { Attribute } from '../src/model/attribute';
import { batchOf, closeWords } from '../src/model/batch';
import type { Cohorts, CohortNode, CohortSide } from '../src/model/cohorts';
import { durationNano, unixNano } from '../src/model/nano';
import type { SpanDetail } from '../src/model/spanDetail';
import { waitPlaces } from '../src/model/waitKinds';

const text = (key: string, value: string): Attribute => ({ key, type: 'string', value });
const link = (trace: number, wait: number | null): SpanDetail['links'][number] => ({ traceId: String(trace).padStart(32, '0'), spanId: '1'.repeat(16), traceState: '', attributes: wait === null ? [] : [{ key: 'pipeline.wait_ms', type: 'double', value: wait }] });
const detail = (attributes: readonly Attribute[], links: SpanDetail['links']): SpanDetail => ({
  traceId: '0'.repeat(31) + '1', spanId: '2'.repeat(16), parentSpanId: null, traceState: '', flags: 1, name: 'analyze_batch', kind: 'client', start: unixNano(0n), end: unixNano(5n), duration: durationNano(5n),
  status: { code: 'unset', message: '' }, service: 'backend', attributes, droppedAttributes: 0, events: [], droppedEvents: 0, links, droppedLinks: 0,
  resource: { attributes: [], droppedAttributes: 0, schemaUrl: '' }, scope: { name: '', version: '', attributes: [], droppedAttributes: 0, schemaUrl: '' }, warnings: [],
});
const seconds = (nanos: number): string => `${nanos / 1e9} s`;

describe('a batch', () => {
  const tags = [text('batch.id', 'b-1'), text('batch.close_reason', 'idle'), text('batch.opened_at', '2026-11-23T18:00:00.0000000+00:00'), text('batch.closed_at', '2026-11-23T18:00:10.0000000+00:00'), { key: 'batch.size', type: 'int', value: '4' } as const];
  it('has its members in the order in which they arrived, each with its wait', () => {
    const batch = batchOf(detail(tags, [link(2, 3000), link(1, 10_000), link(3, 7500), link(4, null)]));
    expect(batch).toMatchObject({ id: 'b-1', open: 10e9, size: 4 });
    expect(batch?.members.map(({ traceId, arrived, wait }) => [Number(traceId), arrived / 1e9, wait / 1e9])).toEqual([[1, 0, 10], [3, 2.5, 7.5], [2, 7, 3]]);
    expect(batch === null ? '' : closeWords(batch, seconds)).toBe('idle, 3 s after the last arrival');
  });
  it('opens with its first member where the sender does not say when', () => expect(batchOf(detail([text('batch.id', 'b')], [link(1, 5), link(2, 2)]))).toMatchObject({ open: 5e6, size: 2, reason: '' }));
  it('is no batch without an id or without waits', () => {
    expect(batchOf(detail([], [link(1, 5)]))).toBeNull();
    expect(batchOf(detail(tags, [link(1, null)]))).toBeNull();
    expect(batchOf(detail(tags, [link(1, -5)]))).toBeNull();
  });
  it('is closed for reasons in words, also for ones that nobody knows', () => {
    const closed = (reason: string): string => closeWords({ id: 'b', reason, open: 1, members: [], size: 0 }, seconds);
    expect(['full', 'window', 'constructor', ''].map(closed)).toEqual(['it was full', 'its window was over', 'constructor', 'not said']);
  });
});

describe('waits by kind', () => {
  const side = (self: number, p50: number | null = self): CohortSide => ({ traces: 3, spans: 3, errors: 0, wall: self, self, p50 });
  const node = (parent: number, name: string, wait: string | null, self: number): CohortNode => ({ parent, service: 'backend', name, kind: 'internal', wait, a: side(0, null), b: side(self) });
  it('are told with the stage that they lie in, the most time first', () => {
    const nodes = [node(-1, 'Process Detection', null, 1), node(0, 'batch_wait', 'batch_window', 30), node(0, 'detect_objects', null, 1), node(2, 'POST /detect', null, 1), node(3, 'queue_wait', 'queue', 50), node(0, 'odd', 'dispatch', 2)];
    const cohort = { total: { value: 3, exact: true }, looked: 3, errors: 0, mean: 1, p50: 1, waiting: 0, between: 0 };
    const cohorts: Cohorts = { a: { ...cohort, looked: 0 }, b: cohort, nodes, attributes: [], keys: { looked: 0, differ: 0, all: true }, leftOut: 0, unplaced: 0, truncated: null };
    expect(waitPlaces(cohorts).map(({ kind, stage, mean }) => [kind, stage, mean])).toEqual([['queue', 'Object detection', 50], ['batch_window', 'Batch wait', 30], ['dispatch', 'Process Detection', 2]]);
  });
});
