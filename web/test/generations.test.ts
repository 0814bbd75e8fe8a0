import { describe, expect, it } from 'vitest';
import { tokenFigure, tokensOf, tokenStory } from '../src/model/generations';
import { makeTrace, type Generation, type Trace } from '../src/model/trace';
import { ms, traceOf, type Row } from './support/traces';

const rows: readonly Row[] = [{ start: 0, duration: 90 * ms }, { parent: 0, start: 1, duration: 80 * ms }, { parent: 1, start: 2, duration: 70 * ms }, { parent: 0, start: 85 * ms, duration: 2 * ms }];
const said = (row: number, inputTokens: number | null, outputTokens: number | null, firstToken: number | null = null, model: string | null = 'nano'): Generation => ({ row, model, inputTokens, outputTokens, firstToken });
const of = (generations: readonly Generation[]): Trace => makeTrace({ ...traceOf(rows).parts, generations });

describe('tokens', () => {
  it('are those of the innermost span that tells them, so that no token counts twice', () => {
    const tokens = tokensOf(of([said(1, 100, 20), said(2, 100, 20, 8 * ms), said(3, 5, 1)]));
    expect(tokens).toMatchObject({ input: 105, output: 21, firstToken: 8 * ms, calls: 2, models: ['nano'] });
    expect(tokenFigure({ input: 2871, output: 96, firstToken: null, models: [], calls: 1 })).toBe('2,871 + 96');
  });
  it('are told in a sentence', () => {
    const text = (generations: readonly Generation[]): string => tokenStory(tokensOf(of(generations)) ?? { input: 0, output: 0, firstToken: null, models: [], calls: 0 }).replaceAll('\u2009', ' ');
    expect(text([said(2, 2871, 96, 88.6 * ms)])).toBe(' nano read 2,871 tokens and wrote 96, the first after 88.6 ms.');
    expect(text([said(2, 1, 2, null, null), said(3, null, 3, null, null)])).toBe(' The model read 1 token and wrote 5 in 2 calls.');
    expect(text([said(2, 1, 2, ms, 'a'), said(3, 1, 3, 2 * ms, 'b')])).toBe(' 2 models read 2 tokens and wrote 5 in 2 calls, the first at the latest after 2.00 ms.');
  });
  it('are not summed when no span tells them, or only a part of the trace is here', () => {
    expect(tokensOf(of([said(2, null, null, 5)]))).toBeNull();
    expect(tokensOf(makeTrace({ ...of([said(2, 1, 1)]).parts, excerpt: { spans: 9, omittedRoots: 0 } }))).toBeNull();
  });
  it('survive a circle of parents', () => {
    const circle = makeTrace({ ...traceOf([{ parent: 1, start: 0, duration: 5 }, { parent: 0, start: 1, duration: 2 }]).parts, generations: [said(0, 1, 1), said(1, 2, 2)] });
    expect(tokensOf(circle)).toMatchObject({ calls: 1 });
  });
});
