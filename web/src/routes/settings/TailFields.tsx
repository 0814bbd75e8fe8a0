import { nextId, numberField, type DraftTailRule, type TailKind } from '../../model/processRules';
import { RuleChoice, RuleField } from './RuleField';
import type { FieldsProps } from './SamplingFields';

const kinds: readonly (readonly [TailKind, string])[] = [
  ['errors', 'has an error'],
  ['slow', 'took at least'],
  ['slowest', 'is slower than the percentile'],
  ['rare', 'has a rare operation'],
  ['attribute', 'has an attribute'],
];
const numbers: Readonly<Partial<Record<TailKind, readonly [label: string, unit: string]>>> = { slow: ['Duration', 'ms'], slowest: ['Percentile of its root', '%'], rare: ['Fewer traces an hour than', ''] };

/** Tail sampling: rules that look at a whole trace, in their order, and the share of the rest. */
export function TailFields({ draft, problemAt, onChange }: FieldsProps) {
  const change = (id: number, part: Partial<DraftTailRule>): void => onChange({ tailRules: draft.tailRules.map((rule) => (rule.id === id ? { ...rule, ...part } : rule)) });
  const move = (i: number): void => {
    const rules = [...draft.tailRules];
    const [rule] = rules.splice(i, 1);
    if (rule !== undefined) rules.splice(i - 1, 0, rule);
    onChange({ tailRules: rules });
  };
  return (
    <fieldset className="rs">
      <legend className="strong">Tail sampling</legend>
      <p className="f2">Decided about whole traces when they are quiet; until then everything can be searched. The first rule that fits decides.</p>
      <div className="rr">
        <label className="line rn">
          <input type="checkbox" checked={draft.tail} onChange={(event) => onChange({ tail: event.target.checked })} />
          Decide when traces are over
        </label>
        <RuleField label="Quiet after" unit="s" value={draft.quiet} problem={problemAt('tail.quietSeconds')} onChange={(quiet) => onChange({ quiet })} />
      </div>
      {draft.tailRules.map((rule, i) => {
        const number = numbers[rule.kind];
        const at = (field: string): string | undefined => problemAt(`tail.rules[${i}].${field}`);
        return (
          <div key={rule.id} className="rr" role="group" aria-label={`Tail rule ${i + 1}, ${rule.name}`}>
            <RuleField label="Rule" placeholder="name" value={rule.name} problem={at('name')} onChange={(name) => change(rule.id, { name })} />
            <RuleChoice label="Keep a trace that" value={rule.kind} choices={kinds} problem={at('kind')} onChange={(kind) => change(rule.id, { kind })} />
            {number !== undefined && <RuleField label={number[0]} unit={number[1]} value={rule.number} problem={at(numberField[rule.kind] ?? '')} onChange={(value) => change(rule.id, { number: value })} />}
            {rule.kind === 'attribute' && (
              <>
                <RuleField label="Key" value={rule.key} problem={at('key')} onChange={(key) => change(rule.id, { key })} />
                <RuleField label="Values, with commas" placeholder="any" value={rule.values} problem={at('values')} onChange={(values) => change(rule.id, { values })} />
              </>
            )}
            <RuleField label="With a span of" placeholder="any service" value={rule.service} problem={at('service')} onChange={(service) => change(rule.id, { service })} />
            <RuleField label="Of these keep" unit="%" value={rule.rate} problem={at('rate')} onChange={(rate) => change(rule.id, { rate })} />
            <span className="line rx">
              <button type="button" className="btn" disabled={i === 0} aria-label={`Move tail rule ${i + 1} up`} onClick={() => move(i)}>
                Up
              </button>
              <button type="button" className="btn" aria-label={`Remove tail rule ${i + 1}`} onClick={() => onChange({ tailRules: draft.tailRules.filter(({ id }) => id !== rule.id) })}>
                Remove
              </button>
            </span>
          </div>
        );
      })}
      <div className="rr">
        <b className="rn">All others</b>
        <RuleField label="Traces kept" unit="%" value={draft.rest} problem={problemAt('tail.rate')} onChange={(rest) => onChange({ rest })} />
      </div>
      <button type="button" className="btn" onClick={() => onChange({ tailRules: [...draft.tailRules, { id: nextId(draft.tailRules), name: '', kind: 'errors', service: '', rate: '100', number: '', key: '', values: '' }] })}>
        Add a tail rule
      </button>
    </fieldset>
  );
}
