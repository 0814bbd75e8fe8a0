import { clip, formatCount, formatDuration, plural } from './format';
import type { Generation, Trace } from './trace';

/** What the models of a trace took and gave in all. */
export interface TokenSum {
  readonly input: number;
  readonly output: number;
  /** The longest time until a first token came; null when no span says it. */
  readonly firstToken: number | null;
  readonly models: readonly string[];
  /** Calls that were summed. */
  readonly calls: number;
}

/** The generations that count: of a caller and what it calls, which both say it, the innermost; so that no token counts twice. */
function innermost(trace: Trace): readonly Generation[] {
  const counted = trace.generations.filter(({ inputTokens, outputTokens }) => inputTokens !== null || outputTokens !== null);
  const above = new Set<number>();
  for (const { row } of counted) for (let at = trace.spans.parent[row] ?? -1; at >= 0 && !above.has(at); at = trace.spans.parent[at] ?? -1) above.add(at);
  return counted.filter(({ row }) => !above.has(row));
}

/** Null when no span says how many tokens there were, or not all spans are here. */
export function tokensOf(trace: Trace): TokenSum | null {
  const counted = innermost(trace);
  if (counted.length === 0 || trace.excerpt !== null) return null;
  const sum = (of: (generation: Generation) => number | null): number => counted.reduce((all, generation) => all + (of(generation) ?? 0), 0);
  return {
    input: sum(({ inputTokens }) => inputTokens),
    output: sum(({ outputTokens }) => outputTokens),
    firstToken: trace.generations.reduce<number | null>((most, { firstToken }) => (firstToken === null ? most : Math.max(most ?? 0, firstToken)), null),
    models: [...new Set(counted.flatMap(({ model }) => (model === null ? [] : [model])))],
    calls: counted.length,
  };
}

/** `2,871 + 96`: taken and given. */
export const tokenFigure = ({ input, output }: TokenSum): string => `${formatCount(input)} + ${formatCount(output)}`;

/** A sentence on them, for behind the story. */
export function tokenStory(tokens: TokenSum): string {
  const [model] = tokens.models;
  const who = tokens.models.length === 1 && model !== undefined ? clip(model) : tokens.models.length > 1 ? `${formatCount(tokens.models.length)} models` : 'The model';
  const first = tokens.firstToken === null ? '' : `, the first${tokens.calls > 1 ? ' at the latest' : ''} after ${formatDuration(tokens.firstToken)}`;
  return ` ${who} read ${plural(tokens.input, 'token')} and wrote ${formatCount(tokens.output)}${tokens.calls > 1 ? ` in ${formatCount(tokens.calls)} calls` : ''}${first}.`;
}
