import { nextId, type DraftRedaction, type RedactionAction } from '../../model/processRules';
import { RuleChoice, RuleField } from './RuleField';
import type { FieldsProps } from './SamplingFields';

const actions: readonly (readonly [RedactionAction, string])[] = [
  ['mask', 'mask it'],
  ['hash', 'hash it'],
  ['remove', 'remove it'],
];

/** Redaction by key or pattern. */
export function RedactionFields({ draft, problemAt, onChange }: FieldsProps) {
  const change = (id: number, part: Partial<DraftRedaction>): void => onChange({ redaction: draft.redaction.map((rule) => (rule.id === id ? { ...rule, ...part } : rule)) });
  return (
    <fieldset className="rs">
      <legend className="strong">Redaction</legend>
      <p className="f2">Before anything is stored, beside authorization, cookie, password, token and api-key, which are always masked unless --no-redact was given.</p>
      {draft.redaction.map((rule, i) => {
        const at = (field: string): string | undefined => problemAt(`redaction[${i}].${field}`);
        return (
          <div key={rule.id} className="rr" role="group" aria-label={`Redaction rule ${i + 1}, ${rule.name}`}>
            <RuleField label="Rule" placeholder="name" value={rule.name} problem={at('name') ?? problemAt(`redaction[${i}]`)} onChange={(name) => change(rule.id, { name })} />
            <RuleField label="Key, * for anything" placeholder="every text" value={rule.key} problem={at('key')} onChange={(key) => change(rule.id, { key })} />
            <RuleField label="Pattern, a regular expression" placeholder="the whole value" wide value={rule.pattern} problem={at('pattern')} onChange={(pattern) => change(rule.id, { pattern })} />
            <RuleChoice label="What to do" value={rule.action} choices={actions} problem={at('action')} onChange={(action) => change(rule.id, { action })} />
            <button type="button" className="btn rx" aria-label={`Remove redaction rule ${i + 1}`} onClick={() => onChange({ redaction: draft.redaction.filter(({ id }) => id !== rule.id) })}>
              Remove
            </button>
          </div>
        );
      })}
      <button type="button" className="btn" onClick={() => onChange({ redaction: [...draft.redaction, { id: nextId(draft.redaction), name: '', key: '', pattern: '', action: 'mask' }] })}>
        Add a redaction rule
      </button>
    </fieldset>
  );
}

/** Limits of attributes and traces. */
export function LimitFields({ draft, problemAt, onChange }: FieldsProps) {
  return (
    <fieldset className="rs">
      <legend className="strong">Limits</legend>
      <p className="f2">What is cut is marked on the span and counted.</p>
      <div className="rr">
        <RuleField label="Attributes of a span, event or link" placeholder="no limit" value={draft.attributes} problem={problemAt('limits.attributes')} onChange={(attributes) => onChange({ attributes })} />
        <RuleField label="Length of a value" unit="bytes" placeholder="no limit" value={draft.valueBytes} problem={problemAt('limits.valueBytes')} onChange={(valueBytes) => onChange({ valueBytes })} />
        <RuleField label="Spans of a trace" placeholder="no limit" value={draft.spansPerTrace} problem={problemAt('limits.spansPerTrace')} onChange={(spansPerTrace) => onChange({ spansPerTrace })} />
      </div>
    </fieldset>
  );
}
