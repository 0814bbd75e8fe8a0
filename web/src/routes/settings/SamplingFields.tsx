import { nextId, type Draft } from '../../model/processRules';
import { RuleCheck, RuleField } from './RuleField';

export interface FieldsProps {
  readonly draft: Draft;
  readonly problemAt: (path: string) => string | undefined;
  readonly onChange: (change: Partial<Draft>) => void;
}

/** Head sampling: what every service keeps, and those with a rule of their own. */
export function SamplingFields({ draft, problemAt, onChange }: FieldsProps) {
  const change = (id: number, part: object): void => onChange({ services: draft.services.map((rule) => (rule.id === id ? { ...rule, ...part } : rule)) });
  return (
    <fieldset className="rs">
      <legend className="strong">Sampling by service</legend>
      <p className="f2">Decided when spans arrive, by their trace’s id: equal rates keep the same traces, whole. What is kept says how many it stands for. Senders that sample by themselves ask for their share at /sampling; it is not applied again here.</p>
      <div className="rr">
        <b className="rn">Every service</b>
        <RuleField label="Traces kept" unit="%" value={draft.rate} problem={problemAt('sampling.rate')} onChange={(rate) => onChange({ rate })} />
        <RuleField label="Traces per second, at most" placeholder="no limit" value={draft.perSecond} problem={problemAt('sampling.tracesPerSecond')} onChange={(perSecond) => onChange({ perSecond })} />
        <RuleCheck label="Senders sample" value={draft.remote} onChange={(remote) => onChange({ remote })} />
      </div>
      {draft.services.map((rule, i) => (
        <div key={rule.id} className="rr" role="group" aria-label={`Rule of ${rule.service === '' ? 'a service' : rule.service}`}>
          <RuleField label="Service" placeholder="service.name" value={rule.service} problem={problemAt(`sampling.services[${i}].service`) ?? problemAt(`sampling.services[${i}]`)} onChange={(service) => change(rule.id, { service })} />
          <RuleField label="Traces kept" unit="%" value={rule.rate} problem={problemAt(`sampling.services[${i}].rate`)} onChange={(rate) => change(rule.id, { rate })} />
          <RuleField label="Traces per second, at most" placeholder="no limit" value={rule.perSecond} problem={problemAt(`sampling.services[${i}].tracesPerSecond`)} onChange={(perSecond) => change(rule.id, { perSecond })} />
          <RuleCheck label="Senders sample" value={rule.remote} onChange={(remote) => change(rule.id, { remote })} />
          <button type="button" className="btn rx" aria-label={`Remove the rule of ${rule.service === '' ? 'this service' : rule.service}`} onClick={() => onChange({ services: draft.services.filter(({ id }) => id !== rule.id) })}>
            Remove
          </button>
        </div>
      ))}
      <button type="button" className="btn" onClick={() => onChange({ services: [...draft.services, { id: nextId(draft.services), service: '', rate: '100', perSecond: '', remote: false }] })}>
        Add a service
      </button>
    </fieldset>
  );
}
