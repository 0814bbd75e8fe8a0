import type { UnixNano } from './nano';

export type TailKind = 'errors' | 'slow' | 'slowest' | 'rare' | 'attribute';
export type RedactionAction = 'mask' | 'hash' | 'remove';

export interface ServiceRate {
  readonly rate: number;
  readonly tracesPerSecond: number | null;
  /** Its senders ask for their share and sample by it. */
  readonly remote: boolean;
}

export interface TailRule {
  readonly name: string;
  readonly kind: TailKind;
  readonly service: string | null;
  readonly rate: number;
  readonly milliseconds?: number | undefined;
  readonly percentile?: number | undefined;
  readonly perHour?: number | undefined;
  readonly key?: string | undefined;
  readonly values?: readonly string[] | undefined;
}

/** What the operator wants done with spans, as the server has it. */
export interface ProcessRules {
  readonly sampling: ServiceRate & { readonly services: readonly (ServiceRate & { readonly service: string })[] };
  readonly tail: { readonly enabled: boolean; readonly quietSeconds: number; readonly rate: number; readonly rules: readonly TailRule[] };
  readonly redaction: readonly { readonly name: string; readonly key: string | null; readonly pattern: string | null; readonly action: RedactionAction }[];
  readonly limits: { readonly attributes: number | null; readonly valueBytes: number | null; readonly spansPerTrace: number | null };
}

export interface RulesInForce {
  readonly version: number;
  readonly changed: UnixNano | null;
  readonly rules: ProcessRules;
}

/** Spans that a rule dropped or cut. */
export interface ProcessCause {
  readonly stage: 'head' | 'tail' | 'limit';
  readonly rule: string;
  readonly service: string;
  readonly spans: bigint;
}

export interface ProcessCounts {
  readonly since: UnixNano;
  readonly dropped: readonly ProcessCause[];
  readonly cut: readonly ProcessCause[];
  readonly redacted: readonly { readonly rule: string; readonly values: bigint }[];
  readonly tailKept: readonly { readonly rule: string; readonly traces: bigint; readonly spans: bigint }[];
  readonly decidedEarly: bigint;
}

/** The rules as they stand in the fields: texts, which may be anything; shares are in percent. */
export interface Draft {
  readonly rate: string;
  readonly perSecond: string;
  readonly remote: boolean;
  readonly services: readonly { readonly id: number; readonly service: string; readonly rate: string; readonly perSecond: string; readonly remote: boolean }[];
  readonly tail: boolean;
  readonly quiet: string;
  readonly rest: string;
  readonly tailRules: readonly DraftTailRule[];
  readonly redaction: readonly DraftRedaction[];
  readonly attributes: string;
  readonly valueBytes: string;
  readonly spansPerTrace: string;
}

export interface DraftTailRule {
  readonly id: number;
  readonly name: string;
  readonly kind: TailKind;
  readonly service: string;
  readonly rate: string;
  readonly number: string;
  readonly key: string;
  readonly values: string;
}

export interface DraftRedaction {
  readonly id: number;
  readonly name: string;
  readonly key: string;
  readonly pattern: string;
  readonly action: RedactionAction;
}

/** What is wrong with a field, by the place in the rules that it stands for. */
export interface RuleProblem {
  readonly path: string;
  readonly message: string;
}

const percent = (rate: number): string => String(Number((rate * 100).toPrecision(12)));
const numberText = (value: number | null | undefined): string => (value === null || value === undefined ? '' : String(value));

/** The field of a tail rule that holds its number. */
export const numberField: Readonly<Partial<Record<TailKind, 'milliseconds' | 'percentile' | 'perHour'>>> = { slow: 'milliseconds', slowest: 'percentile', rare: 'perHour' };

export function draftOf(rules: ProcessRules): Draft {
  return {
    rate: percent(rules.sampling.rate),
    perSecond: numberText(rules.sampling.tracesPerSecond),
    remote: rules.sampling.remote,
    services: rules.sampling.services.map((rule, id) => ({ id, service: rule.service, rate: percent(rule.rate), perSecond: numberText(rule.tracesPerSecond), remote: rule.remote })),
    tail: rules.tail.enabled,
    quiet: String(rules.tail.quietSeconds),
    rest: percent(rules.tail.rate),
    tailRules: rules.tail.rules.map((rule, id) => ({
      id,
      name: rule.name,
      kind: rule.kind,
      service: rule.service ?? '',
      rate: percent(rule.rate),
      number: numberText(rule.milliseconds ?? rule.percentile ?? rule.perHour),
      key: rule.key ?? '',
      values: (rule.values ?? []).join(', '),
    })),
    redaction: rules.redaction.map((rule, id) => ({ id, name: rule.name, key: rule.key ?? '', pattern: rule.pattern ?? '', action: rule.action })),
    attributes: numberText(rules.limits.attributes),
    valueBytes: numberText(rules.limits.valueBytes),
    spansPerTrace: numberText(rules.limits.spansPerTrace),
  };
}

/** A number for what is new in a list, so that its fields keep what was typed. */
export const nextId = (items: readonly { readonly id: number }[]): number => items.reduce((most, item) => Math.max(most, item.id), -1) + 1;

/** The document to be sent; what is no number where one has to be is told at once, the rest is the server's to judge. */
export function rulesOf(draft: Draft): { readonly rules: unknown; readonly problems: readonly RuleProblem[] } {
  const problems: RuleProblem[] = [];
  const number = (path: string, value: string): number | null => {
    const trimmed = value.trim().replace(',', '.');
    if (trimmed === '') return null;
    const read = Number(trimmed);
    if (Number.isFinite(read)) return read;
    problems.push({ path, message: `“${value.trim()}” is not a number.` });
    return null;
  };
  const share = (path: string, value: string): number | null => {
    const read = number(path, value.replace('%', ''));
    if (read !== null && (read < 0 || read > 100)) problems.push({ path, message: `A share lies from 0 to 100 %, ${read} % does not.` });
    else if (read === null && value.trim() === '') problems.push({ path, message: 'A share is needed, from 0 to 100 %.' });
    return read === null ? null : Number((read / 100).toPrecision(12));
  };
  const text = (value: string): string | null => (value.trim() === '' ? null : value.trim());
  const rules = {
    sampling: {
      rate: share('sampling.rate', draft.rate),
      tracesPerSecond: number('sampling.tracesPerSecond', draft.perSecond),
      remote: draft.remote,
      services: draft.services.map((rule, i) => ({ service: text(rule.service), rate: share(`sampling.services[${i}].rate`, rule.rate), tracesPerSecond: number(`sampling.services[${i}].tracesPerSecond`, rule.perSecond), remote: rule.remote })),
    },
    tail: {
      enabled: draft.tail,
      quietSeconds: number('tail.quietSeconds', draft.quiet),
      rate: share('tail.rate', draft.rest),
      rules: draft.tailRules.map((rule, i) => {
        const field = numberField[rule.kind];
        return {
          name: text(rule.name),
          kind: rule.kind,
          service: text(rule.service),
          rate: share(`tail.rules[${i}].rate`, rule.rate),
          ...(field === undefined ? {} : { [field]: number(`tail.rules[${i}].${field}`, rule.number) }),
          ...(rule.kind === 'attribute' ? { key: text(rule.key), values: rule.values.split(',').map((value) => value.trim()).filter((value) => value !== '') } : {}),
        };
      }),
    },
    redaction: draft.redaction.map((rule) => ({ name: text(rule.name), key: text(rule.key), pattern: rule.pattern === '' ? null : rule.pattern, action: rule.action })),
    limits: {
      attributes: number('limits.attributes', draft.attributes),
      valueBytes: number('limits.valueBytes', draft.valueBytes),
      spansPerTrace: number('limits.spansPerTrace', draft.spansPerTrace),
    },
  };
  return { rules, problems };
}

/** Whether the fields say something else than the rules in force. */
export const isChanged = (draft: Draft, rules: ProcessRules): boolean => JSON.stringify(rulesOf(draft).rules) !== JSON.stringify(rulesOf(draftOf(rules)).rules) || rulesOf(draft).problems.length > 0;

const limits: Readonly<Record<string, string>> = { spansPerTrace: 'spans per trace', attributes: 'attributes', valueBytes: 'bytes of a value' };

/** What dropped or cut spans, in words. */
export function causeInWords({ stage, rule }: Pick<ProcessCause, 'stage' | 'rule'>): string {
  if (stage === 'head') return rule === 'rate' ? 'its service’s rate' : 'its service’s traces per second';
  if (stage === 'limit') return `limit: ${limits[rule] ?? rule}`;
  return { rest: 'tail: the share of the rest', late: 'tail: came after its trace was decided', pinned: 'tail: pinned' }[rule] ?? `tail rule “${rule}”`;
}

/** The sum of the spans. */
export const sumOf = (causes: readonly ProcessCause[]): bigint => causes.reduce((sum, cause) => sum + cause.spans, 0n);
